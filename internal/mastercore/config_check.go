package mastercore

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Validate reports all faults of c at once. It changes nothing.
func (c Config) Validate() error {
	var faults []error
	bad := func(key string, value any, rule string) {
		faults = append(faults, fmt.Errorf("master configuration: %s is %v: %s: %w", key, value, rule, deploy.ErrInvalid))
	}
	positive := func(key string, d time.Duration) {
		if d <= 0 {
			bad(key, d, "it must be longer than 0, such as 1s")
		}
	}
	zeroOrMore := func(key string, d time.Duration) {
		if d < 0 {
			bad(key, d, "it cannot be negative; 0 is none")
		}
	}
	if err := deploy.CheckTitle("master configuration: Name", c.Name, mostTitle); err != nil {
		faults = append(faults, err)
	}
	positive("Heartbeat", c.Heartbeat)
	positive("RecoveryTimeout", c.RecoveryTimeout)
	positive("LaunchTimeout", c.LaunchTimeout)
	positive("ReachAfter", c.ReachAfter)
	positive("BackoffMin", c.BackoffMin)
	zeroOrMore("WorkerRetention", c.WorkerRetention)
	zeroOrMore("ReconnectGrace", c.ReconnectGrace)
	zeroOrMore("AdoptGrace", c.AdoptGrace)
	zeroOrMore("AppReconnectGrace", c.AppReconnectGrace)
	zeroOrMore("DriverLease", c.DriverLease)
	zeroOrMore("ProvenAfter", c.ProvenAfter)
	zeroOrMore("DriverProvenAfter", c.DriverProvenAfter)
	zeroOrMore("BadWorkerWindow", c.BadWorkerWindow)
	zeroOrMore("BadWorkerRest", c.BadWorkerRest)
	switch {
	case c.SuspectAfter <= c.Heartbeat:
		bad("SuspectAfter", c.SuspectAfter, fmt.Sprintf("it must be longer than the Heartbeat of %v, or healthy workers get no work", c.Heartbeat))
	case c.WorkerTimeout < c.SuspectAfter:
		bad("WorkerTimeout", c.WorkerTimeout, fmt.Sprintf("it cannot be shorter than SuspectAfter, which is %v", c.SuspectAfter))
	}
	if c.BackoffMax < c.BackoffMin {
		bad("BackoffMax", c.BackoffMax, fmt.Sprintf("it cannot be shorter than BackoffMin, which is %v", c.BackoffMin))
	}
	c.validateCounts(bad)
	positive("ReserveFor", c.ReserveFor)
	if _, err := c.queueTree(); err != nil {
		faults = append(faults, err)
	}
	c.validatePatterns(bad, &faults)
	return errors.Join(faults...)
}

func (c Config) validateCounts(bad func(key string, value any, rule string)) {
	if c.DefaultCores < 1 {
		bad("DefaultCores", c.DefaultCores, "it must be at least 1; deploy.NoLimit is no limit")
	}
	if c.MaxDrivers < 0 {
		bad("MaxDrivers", c.MaxDrivers, "it cannot be negative; deploy.NoLimit is no limit")
	}
	for _, n := range [...]struct {
		key   string
		value int
	}{
		{"RetainedApps", c.RetainedApps}, {"RetainedDrivers", c.RetainedDrivers}, {"RetainedExecutors", c.RetainedExecutors},
		{"BadWorkerFailures", c.BadWorkerFailures}, {"MaxRecordBytes", c.MaxRecordBytes}, {"ReserveMax", c.ReserveMax},
	} {
		if n.value < 0 {
			bad(n.key, n.value, "it cannot be negative")
		}
	}
	if c.RetainedAnswers < 1 {
		bad("RetainedAnswers", c.RetainedAnswers, "it must be at least 1, or a repeated request would be carried out twice")
	}
	if c.ExecutorBlock < 1 {
		bad("ExecutorBlock", c.ExecutorBlock, "it must be at least 1")
	}
	if c.IDBlock < 1 {
		bad("IDBlock", c.IDBlock, "it must be at least 1")
	}
	if len(c.TokenSeed) < 16 {
		bad("TokenSeed", fmt.Sprintf("%d bytes long", len(c.TokenSeed)), "draw at least 16 random bytes, or tokens could be guessed")
	}
}

// queueTree judges the queues and the default one, and completes the tree.
func (c Config) queueTree() ([]deploy.Queue, error) {
	tree, err := deploy.QueueTree(c.Queues)
	if err == nil {
		err = cmp.Or(deploy.CheckQueueKnown("default", tree, c.DefaultQueue), checkMinimums(tree))
	}
	if err != nil {
		return nil, fmt.Errorf("master configuration: queues: %w", err)
	}
	return tree, nil
}

// checkMinimums refuses minimums of queues that, together, their parent may never have.
func checkMinimums(tree []deploy.Queue) error {
	promised := map[string]map[string]int64{} // by parent and resource
	for i := range tree[1:] {
		q := &tree[i+1]
		if promised[q.Parent()] == nil {
			promised[q.Parent()] = map[string]int64{}
		}
		for _, least := range q.Min {
			promised[q.Parent()][least.Resource] += min(least.Amount, math.MaxInt64-promised[q.Parent()][least.Resource])
		}
	}
	for i := range tree {
		for _, most := range tree[i].Quota {
			if sum := promised[tree[i].Name][most.Resource]; sum > most.Amount {
				return fmt.Errorf("the queues right below %q have minimums of %d %s in all, and its quota is %d: lower them, or raise the quota: %w",
					cmp.Or(tree[i].Name, deploy.RootQueue), sum, most.Resource, most.Amount, deploy.ErrInvalid)
			}
		}
	}
	return nil
}

// validatePatterns judges the id patterns by rendering them.
func (c Config) validatePatterns(bad func(key string, value any, rule string), faults *[]error) {
	for _, p := range [...]struct{ key, pattern string }{{"AppIDPattern", c.AppIDPattern}, {"DriverIDPattern", c.DriverIDPattern}} {
		if _, err := deploy.ParseNumberedPattern(p.pattern); err != nil {
			*faults = append(*faults, fmt.Errorf("master configuration: %s: %w", p.key, err))
		}
	}
	if c.AppNumberModulo == 0 {
		return
	}
	if c.AppNumberModulo < 1000 {
		bad("AppNumberModulo", c.AppNumberModulo, "it must be 0 for none, or at least 1000")
	}
	p, err := deploy.ParseNumberedPattern(c.AppIDPattern)
	if err == nil && p.Format("20260101000000", int64(1)) == p.Format("20260101000001", int64(1)) {
		bad("AppNumberModulo", c.AppNumberModulo, fmt.Sprintf("the pattern %s has no timestamp, so ids would repeat after a wrap; add %%s", c.AppIDPattern))
	}
}
