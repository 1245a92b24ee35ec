package deploy

import "time"

// Row is what readers see of one thing: a whole, absolute state, so that the newest row of a key is all a reader needs.
type Row interface {
	// RowKey names the thing.
	RowKey() RowKey
	row()
}

// RowKind says which table a row belongs to.
type RowKind uint8

// The tables.
const (
	RowMaster RowKind = iota
	RowWorker
	RowApp
	RowDriver
	RowExecutor
	RowDecision
	RowQueue
)

var rowKindNames = []string{"master", "worker", "app", "driver", "executor", "decision", "queue"}

// String names the table.
func (k RowKind) String() string { return stateName(k, rowKindNames) }

// RowKey is the primary key of a row.
type RowKey struct {
	Kind RowKind
	ID   string
}

// MasterRow is the leader itself.
type MasterRow struct {
	Name      string      `json:"name"`
	Address   Address     `json:"address"`
	WebUI     string      `json:"webui,omitempty"`
	State     MasterState `json:"state"`
	Epoch     Epoch       `json:"epoch"`
	ClusterID ClusterID   `json:"clusterId"`
	Cluster   string      `json:"cluster,omitempty"`
	Since     time.Time   `json:"since"`
	Recovery  string      `json:"recovery"` // the mode
	Policy    string      `json:"policy"`
}

// WorkerRow is a worker and what is taken of it.
type WorkerRow struct {
	Spec          WorkerSpec  `json:"spec"`
	State         WorkerState `json:"state"`
	Used          Resources   `json:"used"`
	UsedAddresses []Addresses `json:"usedAddresses,omitempty"`
	Executors     int         `json:"executors"`
	Drivers       int         `json:"drivers"`
	RegisteredAt  time.Time   `json:"registeredAt"`
	LastHeartbeat time.Time   `json:"lastHeartbeat"`
	Reason        string      `json:"reason,omitempty"` // why not ALIVE
	PutAsideUntil time.Time   `json:"putAsideUntil,omitzero"`
	ReservedFor   string      `json:"reservedFor,omitempty"` // app or driver id that it is kept for
	ReservedUntil time.Time   `json:"reservedUntil,omitzero"`
}

// AppRow is an application.
type AppRow struct {
	ID          AppID      `json:"id"`
	Name        string     `json:"name"`
	User        string     `json:"user,omitempty"`
	State       AppState   `json:"state"`
	Reason      string     `json:"reason,omitempty"` // of its end
	CoresMax    int32      `json:"coresMax"`         // NoLimit if without bound
	Cores       int32      `json:"cores"`            // granted now
	Profiles    []Profile  `json:"profiles"`
	Targets     []Target   `json:"targets"`
	Running     int        `json:"running"`
	Launching   int        `json:"launching"`
	Removed     int        `json:"removed"` // ended executors, all of its life
	Held        string     `json:"held,omitempty"`
	Connected   bool       `json:"connected"`
	Driver      Address    `json:"driver"`
	WebUI       string     `json:"webui,omitempty"`
	SubmittedAt time.Time  `json:"submittedAt"`
	EndedAt     time.Time  `json:"endedAt,omitzero"`
	Waiting     ReasonCode `json:"waiting"` // main reason, NONE if nothing is missing and all that run have reached the driver
	Place       Placement  `json:"place,omitzero"`
}

// DriverRow is a submission.
type DriverRow struct {
	ID          DriverID    `json:"id"`
	Name        string      `json:"name"`
	User        string      `json:"user,omitempty"`
	State       DriverState `json:"state"`
	Need        Resources   `json:"need"`
	Addresses   []Addresses `json:"addresses,omitempty"`
	Worker      WorkerID    `json:"worker,omitempty"`
	WorkerAddr  Address     `json:"workerAddress,omitzero"`
	Attempt     Attempt     `json:"attempt"`
	Supervise   bool        `json:"supervise,omitempty"`
	Restarts    int32       `json:"restarts"`
	Exit        Exit        `json:"exit"`
	Message     string      `json:"message,omitempty"`
	Program     string      `json:"program"`
	Held        string      `json:"held,omitempty"`
	SubmittedAt time.Time   `json:"submittedAt"`
	StartedAt   time.Time   `json:"startedAt,omitzero"`
	EndedAt     time.Time   `json:"endedAt,omitzero"`
	NextTry     time.Time   `json:"nextTry,omitzero"`
	Waiting     ReasonCode  `json:"waiting"`
	Place       Placement   `json:"place,omitzero"`
}

// ExecutorRow is an executor.
type ExecutorRow struct {
	ID         ExecutorID    `json:"id"`
	Launch     LaunchID      `json:"launch"`
	Profile    int32         `json:"profile"`
	Worker     WorkerID      `json:"worker"`
	WorkerAddr Address       `json:"workerAddress"`
	State      ExecutorState `json:"state"`
	Killing    bool          `json:"killing,omitempty"` // a kill is on its way; the resources are still taken
	Need       Resources     `json:"need"`
	Addresses  []Addresses   `json:"addresses,omitempty"`
	Exit       Exit          `json:"exit"`
	Message    string        `json:"message,omitempty"`
	StartedAt  time.Time     `json:"startedAt"`
	EndedAt    time.Time     `json:"endedAt,omitzero"`
}

// DecisionRow is the newest decision about one profile of an application or about a driver.
type DecisionRow struct{ Decision Decision }

// QueueRow is a queue and what is taken by it.
type QueueRow struct {
	Queue
	Used    []Quantity `json:"used,omitempty"` // with all queues below it; sorted
	Share   float64    `json:"share"`          // the greatest part it has of any resource of the cluster, 0 to 1
	Apps    int        `json:"apps"`           // that have not ended, with all queues below it
	Drivers int        `json:"drivers"`
	Closing bool       `json:"closing,omitempty"` // no longer configured: goes when its last application ends, takes no new one
}

// GoneRow says that a thing has left the books.
type GoneRow struct{ Gone RowKey }

// RowKey names the thing.
func (r MasterRow) RowKey() RowKey { return RowKey{RowMaster, r.Name} }

// RowKey names the thing.
func (r WorkerRow) RowKey() RowKey { return RowKey{RowWorker, string(r.Spec.ID)} }

// RowKey names the thing.
func (r AppRow) RowKey() RowKey { return RowKey{RowApp, string(r.ID)} }

// RowKey names the thing.
func (r DriverRow) RowKey() RowKey { return RowKey{RowDriver, string(r.ID)} }

// RowKey names the thing.
func (r ExecutorRow) RowKey() RowKey { return RowKey{RowExecutor, r.ID.String()} }

// RowKey names the thing.
func (r DecisionRow) RowKey() RowKey {
	return RowKey{RowDecision, ExecutorID{App: AppID(r.Decision.Subject), Num: r.Decision.Profile}.String()}
}

// RowKey names the thing; the root is root.
func (r QueueRow) RowKey() RowKey {
	if r.Name == "" {
		return RowKey{RowQueue, RootQueue}
	}
	return RowKey{RowQueue, r.Name}
}

// RowKey names the thing that is gone.
func (r GoneRow) RowKey() RowKey { return r.Gone }

func (MasterRow) row()   {}
func (WorkerRow) row()   {}
func (AppRow) row()      {}
func (DriverRow) row()   {}
func (ExecutorRow) row() {}
func (DecisionRow) row() {}
func (QueueRow) row()    {}
func (GoneRow) row()     {}
