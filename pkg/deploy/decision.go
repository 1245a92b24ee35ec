package deploy

import (
	"fmt"
	"time"
)

// ReasonCode says in a fixed word why something waits, so that sites can map it to what to do.
type ReasonCode uint8

// The codes. Main ones hold for the whole cluster; causes count workers.
const (
	ReasonNone             ReasonCode = iota
	ReasonNoWorkers                   // no worker is alive
	ReasonMasterRecovering            // the leader waits for workers to register again
	ReasonQueueBehind                 // others come first and take what is free
	ReasonAppCoresMax                 // has all the cores it asked for
	ReasonExecutorLimit               // has all the executors it asked for
	ReasonMaxDrivers                  // the cluster's limit of running drivers is reached
	ReasonQuota                       // its queue's quota is used up
	ReasonHeld                        // held by somebody
	ReasonInfeasible                  // larger than the largest worker: never
	ReasonInsufficientCores
	ReasonInsufficientMemory
	ReasonInsufficientResource // of the custom resource named
	ReasonFilteredLabel
	ReasonFilteredPlugin
	ReasonWorkerDraining  // decommissioned or put aside by hand
	ReasonWorkerUnhealthy // unreachable or suspect
	ReasonBlacklisted     // it failed there just now, or the worker keeps failing
	ReasonBackoff         // waits before its next try
	ReasonLaunching       // granted, not yet confirmed
	ReasonNotRegistered   // executors run but have not reached the driver
	ReasonPluginError
	ReasonPluginTimeout
	ReasonReserved     // kept for a larger request that has waited long
	ReasonFilteredRule // one of its executors is there, or on the same host or label value, or there are enough of them
)

var reasonNames = []string{"NONE", "NO_WORKERS", "MASTER_RECOVERING", "QUEUE_BEHIND", "APP_CORES_MAX", "EXECUTOR_LIMIT",
	"MAX_DRIVERS", "QUOTA", "HELD", "INFEASIBLE", "INSUFFICIENT_CORES", "INSUFFICIENT_MEMORY", "INSUFFICIENT_RESOURCE",
	"FILTERED_LABEL", "FILTERED_PLUGIN", "WORKER_DRAINING", "WORKER_UNHEALTHY", "BLACKLISTED", "BACKOFF", "LAUNCHING",
	"NOT_REGISTERED", "PLUGIN_ERROR", "PLUGIN_TIMEOUT", "RESERVED", "FILTERED_RULE"}

// String gives the word.
func (c ReasonCode) String() string { return stateName(c, reasonNames) }

// MarshalText writes the word.
func (c ReasonCode) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the word.
func (c *ReasonCode) UnmarshalText(b []byte) (err error) {
	*c, err = parseState[ReasonCode]("reason", string(b), reasonNames)
	return err
}

// Cause counts the workers that do not serve for one reason, and names the one that misses least.
type Cause struct {
	Code     ReasonCode `json:"code"`
	Resource string     `json:"resource,omitempty"` // of INSUFFICIENT_RESOURCE; the selector of FILTERED_LABEL; the rule of FILTERED_RULE; who the nearest is kept for, of RESERVED; the policy that failed, of PLUGIN_*
	Workers  int        `json:"workers"`
	Nearest  WorkerID   `json:"nearest,omitempty"`
	Have     int64      `json:"have,omitempty"` // of the nearest: cores, MiB or units
	Want     int64      `json:"want,omitempty"`
	Examples []WorkerID `json:"examples,omitempty"` // at most 20
}

// Decision explains why a driver or one profile of an application waits. A repeat only counts.
type Decision struct {
	Subject  string     `json:"subject"` // app or driver id
	Profile  int32      `json:"profile"`
	Code     ReasonCode `json:"code"`
	Text     string     `json:"text"` // a sentence, with the way out
	Causes   []Cause    `json:"causes,omitempty"`
	Position int        `json:"position,omitempty"` // in the queue, from 1
	Ahead    string     `json:"ahead,omitempty"`    // app or driver id of the first in the queue, if it is another
	Missing  int32      `json:"missing,omitempty"`  // executors still wanted; NoLimit if without bound
	Policy   string     `json:"policy,omitempty"`
	Cycle    uint64     `json:"cycle"` // the update it was decided on
	Since    time.Time  `json:"since"`
	Last     time.Time  `json:"last"`
	Times    int        `json:"times"`
}

// Same tells whether d says the same as e, apart from when and how often.
func (d *Decision) Same(e *Decision) bool {
	if d.Code != e.Code || d.Text != e.Text || d.Position != e.Position || len(d.Causes) != len(e.Causes) {
		return false
	}
	for i := range d.Causes {
		a, b := &d.Causes[i], &e.Causes[i]
		if a.Code != b.Code || a.Resource != b.Resource || a.Workers != b.Workers || a.Nearest != b.Nearest || a.Have != b.Have {
			return false
		}
	}
	return true
}

// String gives CODE: text.
func (d *Decision) String() string { return fmt.Sprintf("%s: %s", d.Code, d.Text) }
