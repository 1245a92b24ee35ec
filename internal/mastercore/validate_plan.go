package mastercore

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// CheckPlan judges a question for an outlook by the rules of a submission, as far as they matter to where it would run.
func CheckPlan(p *deploy.Plan) error {
	if (p.App == nil) == (p.Driver == nil) {
		return fmt.Errorf("plan: it names both an application and a driver, or none; ask for one of them: %w", deploy.ErrInvalid)
	}
	if d := p.Driver; d != nil {
		if err := checkAmounts("driver", int64(d.Need.Cores), d.Need.MemoryMiB, 1); err != nil {
			return err
		}
		if err := checkCustom("driver", d.Need.Custom); err != nil {
			return err
		}
		return d.Place.Check("driver", true)
	}
	const what = "application"
	a := p.App
	switch {
	case a.CoresMax < 0:
		return fmt.Errorf("%s: a maximum of %d cores; use 0 for the cluster's default, or a positive number: %w", what, a.CoresMax, deploy.ErrInvalid)
	case len(a.Profiles) == 0:
		return fmt.Errorf("%s: it has no profile; describe its executors in one: %w", what, deploy.ErrInvalid)
	}
	if err := checkProfiles(what, a.Profiles); err != nil {
		return err
	}
	if err := checkTargets(what, a.Profiles, a.Targets); err != nil {
		return err
	}
	for _, profile := range a.Profiles {
		if profile.Gang && (profile.Cores == 0 || !bounded(profile.ID, a.Targets)) {
			return fmt.Errorf("%s: profile %d is a gang; say how many executors it has and the cores of each: %w", what, profile.ID, deploy.ErrInvalid)
		}
	}
	return a.Place.Check(what, false)
}

func bounded(profile int32, targets []deploy.Target) bool {
	for _, t := range targets {
		if t.Profile == profile {
			return t.Total != deploy.NoLimit
		}
	}
	return false
}
