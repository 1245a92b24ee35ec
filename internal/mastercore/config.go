package mastercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Config is the plain data the core decides by. Times are durations, memory is MiB; a zero limit is named where it means none.
type Config struct {
	Name     string // of this master, for rows and facts
	Address  deploy.Address
	WebUI    string
	Cluster  string           // the cluster's configured name
	Masters  []deploy.Address // told to workers and applications
	Recovery string           // name of the recovery mode, for rows
	Policy   string           // name of the policy, for rows and decisions
	Zone     *time.Location   // of the timestamps in ids; nil is UTC

	Heartbeat         time.Duration // told to workers and applications
	SuspectAfter      time.Duration // silence until a worker gets no new work
	WorkerTimeout     time.Duration // silence until a worker is lost
	WorkerRetention   time.Duration // how long a dead worker stays listed
	ReconnectGrace    time.Duration // of a broken worker connection, when the worker cannot adopt
	AdoptGrace        time.Duration // the same when it can
	AppReconnectGrace time.Duration
	RecoveryTimeout   time.Duration
	DriverLease       time.Duration // 0: off
	ReachAfter        time.Duration // an executor runs until it is noted that it has not reached its driver
	LaunchTimeout     time.Duration // until a launch that the worker has not confirmed makes the master resynchronise with it

	DefaultCores int32 // for applications without CoresMax; deploy.NoLimit
	MaxDrivers   int32 // running at a time; deploy.NoLimit

	Queues       []deploy.Queue // parents not named come into being; see deploy.QueueTree
	DefaultQueue string         // of who names none; empty is the root
	ReserveFor   time.Duration  // how long a worker is kept for a demand that has waited long; doubles with each time it was not enough
	ReserveMax   int            // demands that workers are kept for at a time, whatever a policy proposes

	MaxExecutorRetries int32         // negative: no cap
	BackoffMin         time.Duration // of relaunches, doubling
	BackoffMax         time.Duration
	ProvenAfter        time.Duration // an executor's life that resets the retry counter and the back-off
	DriverProvenAfter  time.Duration // a driver attempt's life that resets its back-off
	BadWorkerFailures  int           // failed launches of two applications or more within BadWorkerWindow put a worker aside for BadWorkerRest
	BadWorkerWindow    time.Duration
	BadWorkerRest      time.Duration

	RetainedApps      int
	RetainedDrivers   int
	RetainedExecutors int    // removed ones, per application
	RetainedAnswers   int    // by request id
	ExecutorBlock     int32  // executor numbers reserved at a time
	IDBlock           uint64 // application and driver numbers reserved at a time

	AppIDPattern    string
	DriverIDPattern string
	AppNumberModulo uint64 // 0: the counter never wraps
	MaxRecordBytes  int    // a spec whose record would be larger is refused with the limit named

	TokenSeed []byte // secret, at least 16 random bytes: applications' tokens are drawn from it
}

// DefaultConfig gives the defaults of a reference master.
func DefaultConfig() Config {
	return Config{
		Name: "master", Recovery: "NONE", Policy: "spread",
		Heartbeat: time.Second, SuspectAfter: 2 * time.Second, WorkerTimeout: 10 * time.Second, WorkerRetention: 15 * time.Minute,
		AdoptGrace: 5 * time.Second, AppReconnectGrace: 5 * time.Second, RecoveryTimeout: 10 * time.Second,
		DriverLease: 30 * time.Second, LaunchTimeout: 30 * time.Second, ReachAfter: 10 * time.Second,
		DefaultCores: deploy.NoLimit, MaxDrivers: deploy.NoLimit, MaxExecutorRetries: 10, ReserveFor: 10 * time.Minute, ReserveMax: 1024,
		BackoffMin: time.Second, BackoffMax: time.Minute, ProvenAfter: 10 * time.Second, DriverProvenAfter: 5 * time.Second,
		BadWorkerFailures: 5, BadWorkerWindow: 10 * time.Minute, BadWorkerRest: 10 * time.Minute,
		RetainedApps: 200, RetainedDrivers: 200, RetainedExecutors: 100, RetainedAnswers: 10_000,
		ExecutorBlock: 64, IDBlock: 64,
		AppIDPattern: "app-%s-%04d", DriverIDPattern: "driver-%s-%04d",
		MaxRecordBytes: 512 << 10,
	}
}
