package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/scheduler"
)

// queueKeys begins the keys of queues: scheduler.queue.PATH.weight.
const queueKeys = "scheduler.queue."

// schedulingOf makes what the settings say of scheduling. All faults are told together, each with the key and where it was set; those of single
// values are kept by s.
func schedulingOf(s *settings.Settings) (master.Scheduling, error) {
	name, policy, err1 := policyOf(s)
	queues, err2 := queuesOf(s)
	out := master.Scheduling{
		Name: name, Policy: policy, Queues: queues, DefaultQueue: s.Queue("scheduler.defaultQueue"), ReserveFor: s.Duration("scheduler.reserve.for"),
	}
	if err := errors.Join(err1, err2, s.Err()); err != nil {
		return out, err
	}
	tree, err := deploy.QueueTree(queues)
	if err == nil && s.Set("scheduler.defaultQueue") {
		err = at(s, "scheduler.defaultQueue", deploy.CheckQueueKnown("default", tree, out.DefaultQueue))
	}
	return out, err
}

// at adds to a fault the key it is of and where that was set.
func at(s *settings.Settings, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s (%s): %w", settings.ErrConfig, key, s.Get(key).Origin, err)
}

// policyOf makes the built-in policy the settings name, by our key or the peer's.
func policyOf(s *settings.Settings) (string, scheduler.SchedulerPolicy, error) {
	key, name := "scheduler.policy", strings.ToLower(s.Text("scheduler.policy"))
	if s.Set("deploy.spreadOutApps") && !s.Set(key) {
		key, name = "deploy.spreadOutApps", scheduler.NamePack
		if s.Bool(key) {
			name = scheduler.NameSpread
		}
	}
	o := scheduler.DefaultOptions()
	if name == scheduler.NameFair {
		o = scheduler.FairOptions()
	}
	o.SpreadDrivers = s.Bool("deploy.spreadOutDrivers")
	if s.Text("scheduler.reserve.after") != "" {
		o.Reserve.After = s.Duration("scheduler.reserve.after")
	}
	o.Reserve.Max = int(s.Int("scheduler.reserve.max", 1, 1024))
	order := at(s, "deploy.workerSelectionPolicy", o.Order.UnmarshalText([]byte(s.Text("deploy.workerSelectionPolicy"))))
	policy, err := scheduler.Open(name, o)
	return name, policy, errors.Join(order, at(s, key, err))
}

// queuesOf gathers scheduler.queue.PATH.{weight,min,quota,dynamic}, sorted by path; min and quota may also be written resource by resource, as in
// scheduler.queue.prod.quota.cores.
func queuesOf(s *settings.Settings) ([]deploy.Queue, error) {
	found, bad := map[string]*deploy.Queue{}, map[string]bool{}
	var faults []error
	for _, rest := range sortedStrings(s.Below(queueKeys)) {
		key := queueKeys + rest
		path, set, err := queueSetting(rest)
		if err == nil {
			err = deploy.CheckQueuePath("queue", path)
		}
		if err == nil {
			if found[path] == nil {
				found[path] = &deploy.Queue{Name: path, Weight: 1}
			}
			err = set(found[path], strings.TrimSpace(s.Text(key)))
		}
		if err == nil && !bad[path] {
			err = found[path].Check()
		}
		bad[path] = bad[path] || err != nil
		faults = append(faults, at(s, key, err))
	}
	var list []deploy.Queue
	for _, path := range sortedStrings(found) {
		list = append(list, *found[path])
	}
	return list, errors.Join(faults...)
}

// queueSetting takes a key apart, of which the words between dots before the last are the path; root is the path of all.
func queueSetting(rest string) (path string, set func(q *deploy.Queue, text string) error, err error) {
	words := strings.Split(rest, ".")
	last := words[len(words)-1]
	if set = queueSetters[last]; set == nil && len(words) > 1 {
		words = words[:len(words)-1]
		switch words[len(words)-1] {
		case "min":
			set = func(q *deploy.Queue, text string) error { return addQuantity(&q.Min, last, text) }
		case "quota":
			set = func(q *deploy.Queue, text string) error { return addQuantity(&q.Quota, last, text) }
		}
	}
	words = words[:len(words)-1]
	if set == nil || len(words) == 0 {
		hint := "write scheduler.queue.PATH.weight, .min, .quota or .dynamic"
		if near, ok := deploy.Suggest(last, sortedStrings(queueSetters)); ok {
			hint = "did you mean " + near + "?"
		}
		return "", nil, fmt.Errorf("a queue has no setting %s: %s: %w", strconv.Quote(last), hint, deploy.ErrInvalid)
	}
	if path = strings.Join(words, "."); path == deploy.RootQueue {
		path = ""
	}
	return path, set, nil
}

// queueSetters read the settings of a queue by their names.
var queueSetters = map[string]func(q *deploy.Queue, text string) error{
	"weight": func(q *deploy.Queue, text string) (err error) {
		if q.Weight, err = strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("%s is no number, such as 2 or 0.5: %w", strconv.Quote(text), deploy.ErrInvalid)
		}
		return nil
	},
	"min":   func(q *deploy.Queue, text string) error { return addQuantities(&q.Min, text) },
	"quota": func(q *deploy.Queue, text string) error { return addQuantities(&q.Quota, text) },
	"dynamic": func(q *deploy.Queue, text string) (err error) {
		if q.Dynamic, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%s is neither true nor false: %w", strconv.Quote(text), deploy.ErrInvalid)
		}
		return nil
	},
}

func addQuantity(to *[]deploy.Quantity, resource, text string) error {
	return addQuantities(to, resource+"="+text)
}

func addQuantities(to *[]deploy.Quantity, text string) error {
	list, err := deploy.ParseQuantities(text)
	if err != nil {
		return err
	}
	for _, q := range list {
		i, there := slices.BinarySearchFunc(*to, q.Resource, func(have deploy.Quantity, name string) int { return strings.Compare(have.Resource, name) })
		if there {
			return fmt.Errorf("%s is set both in a list and by itself: keep one: %w", q.Resource, deploy.ErrInvalid)
		}
		*to = slices.Insert(*to, i, q)
	}
	return nil
}
