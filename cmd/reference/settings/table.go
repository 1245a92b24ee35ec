package settings

// Shared are the options every command that talks to a cluster knows.
func Shared() []Option {
	return []Option{
		{Key: "master", Env: "MUSTER_MASTER", Flag: "master", Help: "master URL: muster://HOST:PORT[,HOST2:PORT2], spark:// too; local, local[N], local-cluster[N,C,M] for programs"},
	}
}

// PeerOptions are the options of everything that stays in touch with a cluster: daemons and drivers.
func PeerOptions() []Option {
	return []Option{
		{Key: "cluster.name", Help: "name of the cluster; peers of another name are refused; empty matches any"},
		{Key: "log.level", Default: "info", Flag: "log-level", Help: "debug, info, warn or error; a driver that is told nothing takes warn"},
		{Key: "log.format", Default: "text", Flag: "log-format", Help: "text or json"},
	}
}

// MasterOptions are the options of the master daemon.
func MasterOptions() []Option {
	return []Option{
		{Key: "master.host", Default: "127.0.0.1", Flag: "host", Help: "address to bind; a non-loopback one needs --insecure until authentication is set up"},
		{Key: "master.advertise", Flag: "advertise", Help: "host[:port] told to others; the bound address if empty"},
		{Key: "master.port", Kind: Int, Default: "7077", Flag: "port", Help: "RPC port; 0 takes a free one"},
		{Key: "master.ui.port", Kind: Int, Default: "8080", Flag: "webui-port", Help: "port of the pages; the next free one if taken, 0 takes any"},
		{Key: "master.insecure", Kind: Bool, Default: "false", Flag: "insecure", Help: "allow a non-loopback bind without authentication"},
		{Key: "master.dir", Default: "master", Flag: "dir", Help: "directory of the master's own files: artifacts, records"},
		{Key: "master.name", Flag: "name", Help: "name of this master; its address if empty"},
		{Key: "recovery.mode", Default: "NONE", Flag: "recovery", Help: "NONE keeps nothing"},
		{Key: "recovery.timeout", Kind: Duration, Default: "10s", Help: "how long a new leader waits for workers and applications of the last epoch"},
		{Key: "scheduler.policy", Default: "spread", Flag: "policy", Help: "spread, pack or fair"},
		{Key: "scheduler.queue.", Pattern: true, Help: "scheduler.queue.PATH.weight (1), .min and .quota (as in cores=10, memory=20g, gpu=2) and .dynamic (false) of a queue; PATH is names between dots, or root"},
		{Key: "scheduler.defaultQueue", Help: "queue of applications and drivers that name none; the root if empty"},
		{Key: "scheduler.reserve.after", Kind: Duration, Help: "workers are kept for a request that has got nothing for so long; 0s never; if empty 60s under fair, and never under spread and pack"},
		{Key: "scheduler.reserve.max", Kind: Int, Default: "4", Help: "requests that workers are kept for at a time"},
		{Key: "scheduler.reserve.for", Kind: Duration, Default: "10m", Help: "how long workers are kept for a request; twice as long after each time it was not enough"},
		{Key: "deploy.spreadOutApps", Kind: Bool, Help: "the peer's name for scheduler.policy: true is spread, false is pack"},
		{Key: "deploy.spreadOutDrivers", Kind: Bool, Default: "true", Help: "spread drivers over workers instead of filling the first by id"},
		{Key: "deploy.workerSelectionPolicy", Default: "CORES_FREE_DESC", Help: "order of workers, of all policies: CORES_FREE_DESC, CORES_FREE_ASC, MEMORY_FREE_DESC, MEMORY_FREE_ASC, WORKER_ID"},
		{Key: "deploy.defaultCores", Help: "cores of an application that names no maximum; empty is unlimited"},
		{Key: "deploy.maxDrivers", Help: "drivers that may run at a time; empty is unlimited"},
		{Key: "deploy.maxExecutorRetries", Kind: Int, Default: "10", Help: "failed executors in a row that fail an application; negative turns it off"},
		{Key: "deploy.retainedApplications", Kind: Int, Default: "200", Help: "ended applications kept for readers"},
		{Key: "deploy.retainedDrivers", Kind: Int, Default: "200", Help: "ended drivers kept for readers"},
		{Key: "deploy.appIdPattern", Default: "app-%s-%04d", Help: "pattern of application ids: time stamp, counter"},
		{Key: "deploy.driverIdPattern", Default: "driver-%s-%04d", Help: "pattern of driver ids"},
		{Key: "deploy.appNumberModulo", Kind: Int, Default: "0", Help: "the application counter wraps here, 1000 or more; 0 never"},
		{Key: "worker.heartbeat", Kind: Duration, Default: "1s", Help: "interval of heartbeats"},
		{Key: "worker.suspectAfter", Kind: Duration, Default: "2s", Help: "silence until a worker gets no new work"},
		{Key: "worker.timeout", Kind: Seconds, Default: "10s", Help: "silence until a worker is lost"},
		{Key: "worker.reconnectGrace", Kind: Duration, Default: "0s", Help: "how long a worker that cannot adopt may be without its connection"},
		{Key: "worker.retention", Kind: Duration, Default: "15m", Help: "how long a dead worker stays listed"},
		{Key: "app.reconnectGrace", Kind: Duration, Default: "5s", Help: "how long an application may be without its connection"},
		{Key: "app.reachAfter", Kind: Duration, Default: "10s", Help: "how long an executor may run until explain says that it has not reached its driver"},
		{Key: "driver.lease", Kind: Duration, Default: "30s", Help: "a worker cut off from every master that long stops its supervised drivers; 0 turns it off"},
		{Key: "launch.timeout", Kind: Duration, Default: "30s", Help: "until an unconfirmed launch makes the master resynchronise with its worker"},
		{Key: "artifact.maxBytes", Kind: Memory, Default: "2g", Help: "largest artifact taken"},
	}
}

// WorkerOptions are the options of the worker daemon.
func WorkerOptions() []Option {
	return []Option{
		{Key: "worker.host", Default: "127.0.0.1", Flag: "host", Help: "address to bind; a non-loopback one needs --insecure until authentication is set up"},
		{Key: "worker.advertise", Flag: "advertise", Help: "host[:port] told to others; the bound address if empty"},
		{Key: "worker.port", Kind: Int, Default: "0", Flag: "port", Help: "RPC port; 0 takes a free one"},
		{Key: "worker.ui.port", Kind: Int, Default: "8081", Flag: "webui-port", Help: "port of the pages; the next free one if taken, 0 takes any"},
		{Key: "worker.insecure", Kind: Bool, Default: "false", Flag: "insecure", Help: "allow a non-loopback bind without authentication"},
		{Key: "worker.cores", Kind: Cores, Flag: "cores", Help: "cores to offer; all of the machine if empty"},
		{Key: "worker.memory", Kind: Memory, Flag: "memory", Help: "memory to offer; the machine's less 1 GiB if empty"},
		{Key: "worker.dir", Default: "work", Flag: "work-dir", Env: "MUSTER_WORKER_DIR", Help: "working directories of executors and drivers"},
		{Key: "worker.stateDir", Flag: "state-dir", Help: "the worker's own files; <work-dir>/.worker if empty"},
		{Key: "worker.id", Flag: "id", Help: "worker id; made once and kept in the state directory if empty"},
		{Key: "worker.idPattern", Default: "worker-%s-%s-%d", Help: "pattern of worker ids: time stamp, host, port"},
		{Key: "worker.labels", Kind: List, Flag: "labels", Help: "labels as key=value, comma separated"},
		{Key: "worker.resourcesFile", Flag: "resources-file", Help: "JSON list of custom resources and their addresses"},
		{Key: "worker.resource.", Pattern: true, Help: "worker.resource.NAME.amount and worker.resource.NAME.discoveryScript of a custom resource"},
		{Key: "worker.discoveryTimeout", Kind: Duration, Default: "30s", Help: "until a discovery script is given up"},
		{Key: "worker.env.", Pattern: true, Help: "worker.env.NAME is a variable every child gets"},
		{Key: "worker.envFile", Default: "conf/muster-env.sh", Help: "file of NAME=value lines that every child gets"},
		{Key: "worker.grace", Kind: Duration, Default: "10s", Help: "between TERM and KILL"},
		{Key: "worker.orphanGrace", Kind: Duration, Default: "0s", Help: "how long processes outlive a worker that died; 0 ends them at once"},
		{Key: "worker.exitWhenUnregistered", Kind: Duration, Flag: "exit-when-unregistered", Default: "0s", Help: "exit when no master took the worker in for so long; 0 never"},
		{Key: "worker.log.rolling.strategy", Help: "of executors' and drivers' output: empty, size or time"},
		{Key: "worker.log.rolling.maxSize", Kind: Memory, Default: "128m", Help: "a size-rolled file is closed at this size"},
		{Key: "worker.log.rolling.interval", Kind: Duration, Default: "1d", Help: "a time-rolled file is closed after so long"},
		{Key: "worker.log.rolling.maxRetainedFiles", Kind: Int, Default: "-1", Help: "rolled files kept; negative keeps all"},
		{Key: "worker.cache.size", Kind: Memory, Default: "10g", Help: "artifacts kept that nothing uses"},
	}
}

// SubmitOptions are the options of a submission.
func SubmitOptions() []Option {
	return []Option{
		{Key: "submit.deployMode", Default: "client", Flag: "deploy-mode", Help: "client runs the driver here, cluster on a worker"},
		{Key: "app.name", Flag: "name", Help: "name shown to people; the program's if empty"},
		{Key: "cores.max", Kind: Cores, Flag: "total-executor-cores", Help: "cores of the whole application; the cluster's default if empty"},
		{Key: "executor.cores", Kind: Cores, Flag: "executor-cores", Help: "cores of one executor; all free ones of a worker if empty"},
		{Key: "executor.memory", Kind: Memory, Default: "1g", Flag: "executor-memory", Help: "memory of one executor"},
		{Key: "executor.instances", Kind: Int, Flag: "num-executors", Help: "executors wanted; as many as fit if empty"},
		{Key: "executor.resource.", Pattern: true, Help: "executor.resource.NAME.amount of a custom resource"},
		{Key: "queue", Flag: "queue", Help: "queue of the application, as in prod.etl; the cluster's default if empty"},
		{Key: "priority", Kind: Int, Flag: "priority", Help: "of the application within its queue, -100 to 100; more is earlier"},
		{Key: "placement.require", Kind: Selector, Flag: "require", Help: "executors run on workers whose labels meet this, and on no others"},
		{Key: "placement.prefer", Kind: Preferences, Flag: "prefer", Help: "executors had better run on such workers: the greatest sum of weights first"},
		{Key: "placement.apart", Flag: "apart", Help: "no two executors on one host, if it is host, or on workers with the same value of this label"},
		{Key: "placement.maxPerWorker", Kind: Int, Flag: "max-per-worker", Help: "executors of the application on one worker; 0 is no limit"},
		{Key: "placement.gang", Kind: Bool, Default: "false", Flag: "gang", Help: "start all executors together or none; wants --num-executors and --executor-cores"},
		{Key: "driver.queue", Help: "queue of the driver, cluster mode; the application's if empty"},
		{Key: "driver.priority", Kind: Int, Help: "of the driver within its queue, cluster mode; the application's if empty"},
		{Key: "driver.require", Kind: Selector, Help: "the driver runs on a worker whose labels meet this, cluster mode"},
		{Key: "driver.prefer", Kind: Preferences, Help: "the driver had better run on such a worker, cluster mode"},
		{Key: "driver.cores", Kind: Cores, Default: "1", Flag: "driver-cores", Help: "cores of the driver, cluster mode"},
		{Key: "driver.memory", Kind: Memory, Default: "1g", Flag: "driver-memory", Help: "memory of the driver, cluster mode"},
		{Key: "driver.resource.", Pattern: true, Help: "driver.resource.NAME.amount of a custom resource, cluster mode"},
		{Key: "driver.supervise", Kind: Bool, Default: "false", Flag: "supervise", Help: "run the driver again when it fails, cluster mode"},
		{Key: "driver.maxRestarts", Kind: Int, Default: "-1", Flag: "max-restarts", Help: "cap on restarts of a supervised driver; negative is unlimited"},
		{Key: "driver.host", Help: "host told to executors; found if empty"},
		{Key: "driver.bindAddress", Help: "address the driver binds; driver.host if empty"},
		{Key: "driver.port", Kind: Int, Default: "0", Help: "port of the driver; 0 takes a free one"},
		{Key: "driver.env.", Pattern: true, Help: "driver.env.NAME is a variable of the driver, cluster mode"},
		{Key: "executorEnv.", Pattern: true, Help: "executorEnv.NAME is a variable of the executors"},
		{Key: "task.maxFailures", Kind: Int, Default: "4", Help: "attempts of one task until its job fails"},
		{Key: "files", Kind: List, Flag: "files", Help: "files placed beside the program, and beside the executors of a program of the SDK"},
		{Key: "jars", Kind: List, Flag: "jars", Help: "the same as files, for programs in Java"},
	}
}

// All are the options of every command: one file may configure them all.
func All() *Table {
	return NewTable(Shared(), PeerOptions(), MasterOptions(), WorkerOptions(), SubmitOptions())
}
