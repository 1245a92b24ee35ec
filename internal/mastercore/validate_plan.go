package mastercore

import (
	"cmp"
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
	if err := checkGangs(what, a.Profiles, a.Targets, cmp.Or(a.CoresMax, deploy.NoLimit)); err != nil {
		return err
	}
	return a.Place.Check(what, false)
}
