package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrUnsupportedMaster says that a master URL names another cluster manager; the error around it says what to do instead. It is ErrInvalid too.
var ErrUnsupportedMaster error = badInput("names another cluster manager")

const (
	defaultMasterPort = 7077
	maxMasters        = 64
)

// MasterKind says where an application's executors come from.
type MasterKind uint8

// The kinds of master; 0 is none.
const (
	KindStandalone   MasterKind = iota + 1 // masters of a cluster
	KindLocal                              // threads of the driver's process
	KindLocalCluster                       // master and workers in the driver's process, executors processes of their own
)

// String names the kind as its URL begins.
func (k MasterKind) String() string {
	switch k {
	case KindStandalone:
		return "muster"
	case KindLocal:
		return "local"
	case KindLocalCluster:
		return "local-cluster"
	}
	return "unknown master kind " + strconv.Itoa(int(k))
}

// MasterURL is a parsed master URL; only the fields of its Kind are set.
type MasterURL struct {
	Kind MasterKind

	Hosts []Address // standalone: the masters in the order given

	Threads     int // local: tasks at a time, 0 = all processors
	MaxFailures int // local: attempts per task, 0 = default

	Workers            int // local-cluster
	CoresPerWorker     int
	MemoryPerWorkerMiB int64
}

// ParseMasterURL reads
//
//	muster://host[:7077][,host...]   a cluster; spark:// means the same; blanks after commas are accepted
//	local                            one thread
//	local[N] local[*]                N threads, all processors
//	local[N,F] local[*,F]            and F attempts per task
//	local-cluster[N,C,M]             N workers of C cores and M memory (a bare number is MiB)
//
// URLs of other cluster managers give ErrUnsupportedMaster.
func ParseMasterURL(s string) (MasterURL, error) {
	u, err := parseMasterURL(strings.TrimSpace(s))
	if err != nil {
		return MasterURL{}, fmt.Errorf("master URL %s: %w", quoted(s), err)
	}
	return u, nil
}

func parseMasterURL(s string) (MasterURL, error) {
	word, rest, isURL := strings.Cut(s, "://")
	switch {
	case isURL && (word == "muster" || word == "spark"):
		return parseHosts(rest)
	case s == "local":
		return MasterURL{Kind: KindLocal, Threads: 1}, nil
	}
	if instead := insteadOf(lowerWord(word)); instead != "" {
		return MasterURL{}, fmt.Errorf("%w: %s", ErrUnsupportedMaster, instead)
	}
	name, args, bracketed := strings.Cut(s, "[")
	if name != "local" && name != "local-cluster" {
		return MasterURL{}, badInput(unknownMaster(s))
	}
	args, closed := strings.CutSuffix(args, "]")
	switch {
	case name == "local-cluster" && !(bracketed && closed):
		return MasterURL{}, badInput("a local cluster needs workers, cores and memory; write local-cluster[2,1,1024]")
	case name == "local" && !closed:
		return MasterURL{}, badInput("the bracket is not closed at the end; write local[4] or local[4,2]")
	case name == "local":
		return parseLocal(args)
	}
	return parseLocalCluster(args)
}

// unknownMaster says what could have been meant.
func unknownMaster(s string) string {
	const forms = "write muster://host:7077, local, local[4], local[*], local[4,2] or local-cluster[2,1,1024]"
	if a, hasPort, fault := cutAddress(s); fault == "" && hasPort {
		return "the scheme is missing; write muster://" + a.String()
	}
	end := 0
	for end < len(s) && (isLetter(s[end]) || s[end] == '-') {
		end++
	}
	if likely, ok := Suggest(s[:end], []string{"muster", "spark", "local", "local-cluster"}); ok {
		return "its form is unknown, did you mean " + likely + "? " + forms
	}
	return "its form is unknown; " + forms
}

// insteadOf gives one sentence about each other cluster manager: why not, and what instead.
func insteadOf(word string) string {
	switch word {
	case "yarn":
		return "Muster replaces the resource manager of Hadoop and does not run under it; start a master and workers, and write muster://host:7077"
	case "yarn-client":
		return "this is an old word for YARN with the driver on the client; write muster://host:7077 with --deploy-mode client"
	case "yarn-cluster":
		return "this is an old word for YARN with the driver in the cluster; write muster://host:7077 with --deploy-mode cluster"
	case "yarn-standalone":
		return "this is the oldest word for yarn-cluster and means no standalone cluster; write muster://host:7077 with --deploy-mode cluster"
	case "mesos":
		return "Mesos is retired and nothing here speaks to it; start a master and workers on the same machines, and write muster://host:7077"
	case "zk":
		return "this is how Mesos masters were found through ZooKeeper; clients of Muster name the masters, so write muster://host1:7077,host2:7077" +
			" (ZooKeeper serves masters as a recovery mode)"
	case "simr":
		return "running inside MapReduce jobs was given up long ago; start a master and workers, and write muster://host:7077"
	case "k8s":
		return "Muster does not ask Kubernetes for pods per executor; run masters and workers as pods, and write muster://service:7077"
	case "nomad":
		return "Muster does not ask Nomad for executors; run masters and workers as Nomad jobs, and write muster://host:7077"
	}
	return ""
}

func parseHosts(list string) (MasterURL, error) {
	if n := strings.Count(list, ",") + 1; n > maxMasters {
		return MasterURL{}, badInput("it names " + strconv.Itoa(n) + " masters; name at most " + strconv.Itoa(maxMasters))
	}
	hosts := make([]Address, 0, strings.Count(list, ",")+1)
	for rest, more := list, true; more; {
		var item string
		item, rest, more = strings.Cut(rest, ",")
		item = strings.TrimSpace(item)
		a, hasPort, why := cutAddress(item)
		if !hasPort {
			a.Port = defaultMasterPort
		}
		switch {
		case strings.Contains(item, "://"):
			why = "repeats the scheme; write it once, as in muster://host1:7077,host2:7077"
		case strings.ContainsAny(item, "/@?#"):
			why = "has more than a host and a port; write muster://host:7077 without a path, a user or options"
		case item == "":
			why = "is no host; write one before and after each comma, as in muster://host1:7077,host2:7077"
		case why != "":
		case a.Port == 0:
			why = "has port 0, which no master can be reached at; write its port, usually 7077"
		case slices.Contains(hosts, a):
			why = "is named twice; name each master once"
		}
		if why != "" {
			return MasterURL{}, refusal("master", item, why)
		}
		hosts = append(hosts, a)
	}
	return MasterURL{Kind: KindStandalone, Hosts: hosts}, nil
}

// parseLocal reads N or N,F where N may be *.
func parseLocal(args string) (u MasterURL, err error) {
	threads, failures, twice := strings.Cut(args, ",")
	if strings.Contains(failures, ",") {
		return u, badInput("local takes one or two numbers; write local[4,2], or local-cluster[2,1,1024] for workers, cores and memory")
	}
	u.Kind = KindLocal
	if strings.TrimSpace(threads) != "*" {
		if u.Threads, err = parseCount("threads", threads); err != nil {
			return u, fmt.Errorf("%w (* means all processors)", err)
		}
	}
	if twice {
		u.MaxFailures, err = parseCount("attempts per task", failures)
	}
	return u, err
}

// parseLocalCluster reads N,C,M.
func parseLocalCluster(args string) (u MasterURL, err error) {
	parts := strings.SplitN(args, ",", 4)
	if len(parts) != 3 {
		return u, badInput("a local cluster takes three numbers: workers, cores and memory per worker; write local-cluster[2,1,1024]")
	}
	u.Kind = KindLocalCluster
	if u.Workers, err = parseCount("workers", parts[0]); err != nil {
		return u, err
	}
	if u.CoresPerWorker, err = parseCount("cores per worker", parts[1]); err != nil {
		return u, err
	}
	if u.MemoryPerWorkerMiB, err = ParseMemory(parts[2]); err != nil {
		return u, fmt.Errorf("per worker: %w", err)
	}
	return u, nil
}

// String writes the URL in the shortest form that ParseMasterURL reads back to the same value; ports are always written, the zero URL is "".
func (u MasterURL) String() string {
	switch u.Kind {
	case KindStandalone:
		b := []byte("muster://")
		for i, a := range u.Hosts {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, a.String()...)
		}
		return string(b)
	case KindLocal:
		return u.localString()
	case KindLocalCluster:
		return fmt.Sprintf("local-cluster[%d,%d,%d]", u.Workers, u.CoresPerWorker, u.MemoryPerWorkerMiB)
	}
	return ""
}

func (u MasterURL) localString() string {
	threads := "*"
	if u.Threads > 0 {
		threads = strconv.Itoa(u.Threads)
	}
	switch {
	case u.MaxFailures > 0:
		return "local[" + threads + "," + strconv.Itoa(u.MaxFailures) + "]"
	case u.Threads == 1:
		return "local"
	}
	return "local[" + threads + "]"
}
