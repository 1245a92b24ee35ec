package archtest

import (
	"path"
	"strings"
)

const module = "github.com/musterproject/muster"

// limits are the sizes that the house allows.
type limits struct {
	fileLines int // a file stays under it
	funcLines int // a function stays under it
	methods   int // an interface of a contract has at most so many
}

var house = limits{fileLines: 400, funcLines: 60, methods: 4}

// kind says which rules a room lives under besides those of all.
type kind int

const (
	plain    kind = iota
	contract      // standard library only, small interfaces
	pure          // a contract or core that decides: no clock, no chance, no goroutine, no IO
	proof         // suites, simulator, benchmarks: may import testing, is imported by tests and proofs only
)

// room is a package, or with "*" for one path element, a family of packages.
type room struct {
	path  string
	floor int
	kind  kind
}

// rooms is the floor table: a package imports only floors below its own, and its own cell on the same floor.
// The first row that fits is taken.
var rooms = []room{
	{"pkg/deploy", 0, pure},
	{"internal/need", 0, proof},
	{"internal/archtest", 0, proof},

	{"pkg/scheduler", 1, contract},
	{"pkg/recovery", 1, contract},
	{"pkg/election", 1, contract},
	{"pkg/launcher", 1, contract},
	{"pkg/membership", 1, contract},
	{"pkg/rpc", 1, contract},
	{"pkg/artifact", 1, contract},
	{"pkg/backend", 1, contract},
	{"pkg/status", 1, contract},

	{"pkg/recovery/fileengine", 2, plain},
	{"pkg/recovery/badgerengine", 2, plain},
	{"pkg/recovery/zkengine", 2, plain},
	{"pkg/recovery/etcdengine", 2, plain},
	{"pkg/recovery/raftengine", 2, plain},
	{"pkg/launcher/proclauncher", 2, plain},
	{"pkg/launcher/cgrouplauncher", 2, plain},
	{"pkg/membership/gossip", 2, plain},
	{"pkg/rpc/wire", 2, plain},
	{"pkg/rpc/wire/muster/v1", 2, plain},
	{"pkg/rpc/grpcrpc", 2, plain},
	{"pkg/rpc/memrpc", 2, plain},
	{"pkg/rpc/door", 2, plain},
	{"pkg/artifact/httpfetch", 2, plain},
	{"pkg/why", 2, plain},
	{"pkg/deploy/deploytest", 2, proof},
	{"pkg/scheduler/schedulertest", 2, proof},
	{"pkg/recovery/recoverytest", 2, proof},
	{"pkg/election/electiontest", 2, proof},
	{"pkg/launcher/launchertest", 2, proof},
	{"pkg/membership/membershiptest", 2, proof},
	{"pkg/rpc/rpctest", 2, proof},
	{"pkg/artifact/artifacttest", 2, proof},
	{"pkg/backend/backendtest", 2, proof},
	{"pkg/status/statustest", 2, proof},

	{"internal/mastercore", 3, pure},
	{"internal/workercore", 3, pure},
	{"internal/taskcore", 3, pure},
	{"plugins/*", 3, plain},

	{"pkg/master", 4, plain},
	{"pkg/worker", 4, plain},
	{"pkg/app", 4, plain},
	{"internal/sim", 4, proof},

	{"pkg/clusterfx", 5, plain},
	{"pkg/localcluster", 5, plain},
	{"pkg/webui", 5, plain},

	{"pkg/task", 6, plain},
	{"examples/wordcount/words", 6, plain}, // a job that programs share: the example, and the demo of the command

	{"cmd/reference", 7, plain},
	{"examples/*", 7, plain},
	{"tools/*", 7, proof},
	{"e2e", 8, proof},
	{"bench", 8, proof},
}

// peers are the imports that stay on one floor, each with its reason.
var peers = []struct{ from, to, why string }{
	{"pkg/recovery", "pkg/election", "a recovery mode is an engine and the agent whose claim the engine checks"},
	{"pkg/rpc", "pkg/artifact", "a transport carries blobs and names them as the store does"},
	{"examples/wordcount/words", "pkg/task", "it is written with the SDK, and programs on the floor above run it"},
}

// home is where a third-party module may be imported. A test may import a module whose home is on its own floor or below.
type home struct {
	module string
	rooms  []string // a room and all below it; none: tests and proofs only
	file   string   // if set, only in files of this name
}

var homes = []home{
	{module: "github.com/dgraph-io/badger", rooms: []string{"pkg/recovery/badgerengine"}},
	{module: "github.com/go-zookeeper/zk", rooms: []string{"pkg/recovery/zkengine"}},
	{module: "go.etcd.io/etcd", rooms: []string{"pkg/recovery/etcdengine"}},
	{module: "github.com/hashicorp/raft", rooms: []string{"pkg/recovery/raftengine"}},
	{module: "github.com/hashicorp/memberlist", rooms: []string{"pkg/membership/gossip"}},
	{module: "google.golang.org/grpc", rooms: []string{"pkg/rpc/wire", "pkg/rpc/grpcrpc", "plugins"}},
	{module: "google.golang.org/protobuf", rooms: []string{"pkg/rpc/wire", "pkg/rpc/grpcrpc", "plugins"}},
	{module: "google.golang.org/genproto", rooms: []string{"pkg/rpc/wire", "pkg/rpc/grpcrpc", "plugins"}},
	{module: "github.com/hashicorp/go-plugin", rooms: []string{"plugins"}},
	{module: "github.com/hashicorp/go-hclog", rooms: []string{"plugins"}},
	{module: "golang.org/x/sys", rooms: []string{"pkg/launcher/proclauncher", "pkg/launcher/cgrouplauncher", "pkg/recovery/fileengine", "pkg/worker"}},
	{module: "golang.org/x/term", rooms: []string{"cmd"}},
	{module: "golang.org/x/sync", rooms: []string{"pkg/rpc/grpcrpc", "pkg/master", "pkg/worker", "pkg/app", "pkg/task", "pkg/localcluster", "cmd"}},
	{module: "golang.org/x/time", rooms: []string{"pkg/rpc/grpcrpc", "pkg/master", "pkg/worker", "pkg/webui"}},
	{module: "github.com/cenkalti/backoff", rooms: []string{"pkg/worker", "pkg/app", "pkg/task"}},
	{module: "go.opentelemetry.io/otel", rooms: []string{"pkg/master", "pkg/worker", "pkg/app", "pkg/task"}, file: "telemetry.go"},
	{module: "go.opentelemetry.io/otel/sdk", rooms: []string{"cmd"}},
	{module: "go.opentelemetry.io/otel/exporters", rooms: []string{"cmd"}},
	{module: "go.opentelemetry.io/contrib", rooms: []string{"cmd"}},
	{module: "github.com/prometheus/client_golang", rooms: []string{"cmd"}},
	{module: "go.uber.org/fx", rooms: []string{"pkg/clusterfx", "cmd"}},
	{module: "github.com/spf13/cobra", rooms: []string{"cmd"}},
	{module: "github.com/spf13/pflag", rooms: []string{"cmd"}},
	{module: "github.com/knadh/koanf", rooms: []string{"cmd"}},
	{module: "github.com/magiconair/properties", rooms: []string{"cmd"}},
	{module: "github.com/jedib0t/go-pretty", rooms: []string{"cmd"}},
	{module: "go.yaml.in/yaml", rooms: []string{"cmd"}},
	{module: "github.com/google/go-cmp"},
	{module: "go.uber.org/goleak"},
	{module: "pgregory.net/rapid"},
	{module: "github.com/anishathalye/porcupine"},
}

// links says what a program may not link, not even through others. A program that does not exist is not asked.
var links = []struct {
	program string
	without []string
	why     string
}{
	{
		program: "examples/wordcount",
		without: []string{"go.uber.org/fx", "github.com/dgraph-io/badger", module + "/pkg/master"},
		why:     "an application is shipped to every worker: it carries the SDK, not the cluster",
	},
	{
		program: "plugins/policyplugin",
		without: []string{module + "/plugins/host", module + "/pkg/recovery", module + "/pkg/launcher", module + "/pkg/master"},
		why:     "a plug-in author imports one contract and nothing of the host",
	},
}

// roomOf finds the row for a package; ok is false for a package that the table does not know.
func roomOf(dir string) (room, bool) {
	for _, r := range rooms {
		if ok, _ := path.Match(r.path, dir); ok {
			return r, true
		}
	}
	// What lies below a program or below tests belongs to it.
	for _, r := range rooms {
		if r.floor >= 7 && !strings.Contains(r.path, "*") && within(dir, r.path) {
			return r, true
		}
	}
	return room{}, false
}

// floorOf gives the lowest floor among a room and all below it.
func floorOf(dir string) (int, bool) {
	floor, found := 0, false
	for _, r := range rooms {
		if within(r.path, dir) && (!found || r.floor < floor) {
			floor, found = r.floor, true
		}
	}
	return floor, found
}

// cellOf names the cell of a package: a contract with its default, suite and adapters.
func cellOf(dir string) string {
	first, rest, found := strings.Cut(dir, "/")
	if !found || first == "plugins" || first == "cmd" {
		return first
	}
	second, _, _ := strings.Cut(rest, "/")
	return first + "/" + second
}

// within tells whether dir is parent or lies below it.
func within(dir, parent string) bool {
	return dir == parent || strings.HasPrefix(dir, parent+"/")
}
