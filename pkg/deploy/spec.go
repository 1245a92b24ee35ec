package deploy

import "time"

// Digest is the lower-case hexadecimal sha256 of a blob.
type Digest string

// Artifact is a file that must be in a process's working directory before it starts.
type Artifact struct {
	Digest     Digest `json:"digest"`
	Name       string `json:"name"` // base name in the working directory
	Size       int64  `json:"size"` // bytes
	Executable bool   `json:"executable,omitempty"`
}

// EnvVar is one variable of a process's environment.
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Command says what to run. Program is an absolute path, the Name of one of Artifacts, or a word looked up in the child's PATH.
// Args and Env values may hold the placeholders {{APP_ID}} {{EXECUTOR_ID}} {{DRIVER_ID}} {{CORES}} {{MEMORY_MB}} {{HOSTNAME}}
// {{WORKER_ID}} {{WORKER_URL}} {{RESOURCE_PROFILE_ID}} {{ATTEMPT}} {{USER_DIR}}, filled in by the worker.
type Command struct {
	Program   string     `json:"program"`
	Args      []string   `json:"args,omitempty"`
	Env       []EnvVar   `json:"env,omitempty"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// Label is one key and value of a worker.
type Label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// WorkerSpec is what a worker says of itself at registration.
type WorkerSpec struct {
	ID        WorkerID    `json:"id"`
	Address   Address     `json:"address"` // advertised RPC address
	WebUI     string      `json:"webui,omitempty"`
	Cores     int32       `json:"cores"`
	MemoryMiB int64       `json:"memoryMiB"`
	Custom    []Addresses `json:"custom,omitempty"` // sorted by name
	Labels    []Label     `json:"labels,omitempty"` // sorted by key
	Adopts    bool        `json:"adopts,omitempty"` // its launcher re-attaches to live processes after a restart
	Version   string      `json:"version,omitempty"`
}

// Capacity is the whole of the worker as a need would be written.
func (w *WorkerSpec) Capacity() Resources {
	return Resources{Cores: w.Cores, MemoryMiB: w.MemoryMiB, Custom: Counts(w.Custom)}
}

// AppSpec is what an application asks for.
type AppSpec struct {
	Name     string    `json:"name"`
	User     string    `json:"user,omitempty"`
	CoresMax int32     `json:"coresMax,omitempty"` // 0: the cluster's default
	Profiles []Profile `json:"profiles"`           // at least one; ids ascending, the first is 0
	Targets  []Target  `json:"targets,omitempty"`  // a profile not named has NoLimit
	Executor Command   `json:"executor"`
	Driver   Address   `json:"driver"` // where executors reach the driver
	WebUI    string    `json:"webui,omitempty"`
	Place    Placement `json:"place,omitzero"`
	Reports  bool      `json:"reports,omitempty"` // it says which executors have reached Driver
}

// DriverSpec is a program to run on a worker.
type DriverSpec struct {
	Name        string    `json:"name"`
	User        string    `json:"user,omitempty"`
	Command     Command   `json:"command"`
	Need        Resources `json:"need"`
	Supervise   bool      `json:"supervise,omitempty"`
	MaxRestarts int32     `json:"maxRestarts,omitempty"` // of a supervised driver; negative: no limit
	Place       Placement `json:"place,omitzero"`
}

// Exit tells how a process ended. Signal is 0 unless one ended it.
type Exit struct {
	Code   int32 `json:"code"`
	Signal int32 `json:"signal,omitempty"`
	OOM    bool  `json:"oom,omitempty"`
}

// ExitDriverLost is the exit code of an executor that ended because it could not reach its driver, or not any more.
const ExitDriverLost = 56

// OK tells whether the process ended well.
func (e Exit) OK() bool { return e == Exit{} }

// Launch is an order to start a process: of an executor when Executor is set, of a driver when Driver is.
type Launch struct {
	ID        LaunchID
	Executor  ExecutorID
	Driver    DriverID
	Attempt   Attempt // of the driver
	Profile   int32   // of the executor
	Need      Resources
	Addresses []Addresses // the granted units of Need.Custom
	Command   Command
	AppName   string
	Leased    bool   // a supervised driver: the worker stops it when cut off from every master for the driver lease
	Token     Secret // proves the process to its driver and to the master
}

// LaunchReport is the state of one launch as its worker knows it: an absolute statement, so that hearing it twice is harmless.
// Ended launches are reported until the master acknowledges them.
type LaunchReport struct {
	Launch    LaunchID
	Executor  ExecutorID
	Driver    DriverID
	Attempt   Attempt
	Profile   int32
	Need      Resources
	Addresses []Addresses
	Seq       uint64        // counts the worker's reports within its incarnation; what ReportAck names
	State     ExecutorState // also of a driver's process: LAUNCHING RUNNING KILLED FAILED EXITED
	Exit      Exit
	Message   string        // the operating system's own words, for a launch that FAILED
	Lived     time.Duration // how long the process has run
}

// Ended tells whether the process is gone: its resources are free.
func (r *LaunchReport) Ended() bool { return r.State.Terminal() }
