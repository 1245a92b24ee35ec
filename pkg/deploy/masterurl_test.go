package deploy_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func local(threads, failures int) deploy.MasterURL {
	return deploy.MasterURL{Kind: deploy.KindLocal, Threads: threads, MaxFailures: failures}
}

func localCluster(workers, cores int, mib int64) deploy.MasterURL {
	return deploy.MasterURL{Kind: deploy.KindLocalCluster, Workers: workers, CoresPerWorker: cores, MemoryPerWorkerMiB: mib}
}

func standalone(hosts ...deploy.Address) deploy.MasterURL {
	return deploy.MasterURL{Kind: deploy.KindStandalone, Hosts: hosts}
}

func TestParseMasterURL(t *testing.T) {
	h1, h2 := deploy.Address{Host: "h1", Port: 7077}, deploy.Address{Host: "h2", Port: 7078}
	for in, want := range map[string]struct {
		url  deploy.MasterURL
		text string
	}{
		"muster://h1:7077":                 {standalone(h1), "muster://h1:7077"},
		"muster://h1":                      {standalone(h1), "muster://h1:7077"},
		"spark://h1:7077":                  {standalone(h1), "muster://h1:7077"},
		"muster://h1:7077,h2:7078":         {standalone(h1, h2), "muster://h1:7077,h2:7078"},
		" spark://h2:7078, h1 , [::1] \n":  {standalone(h2, h1, deploy.Address{Host: "::1", Port: 7077}), "muster://h2:7078,h1:7077,[::1]:7077"},
		"local":                            {local(1, 0), "local"},
		"local[1]":                         {local(1, 0), "local"},
		"local[8]":                         {local(8, 0), "local[8]"},
		"local[*]":                         {local(0, 0), "local[*]"},
		"local[ * ]":                       {local(0, 0), "local[*]"},
		"local[4, 2]":                      {local(4, 2), "local[4,2]"},
		"local[1,2]":                       {local(1, 2), "local[1,2]"},
		"local[* ,3]":                      {local(0, 3), "local[*,3]"},
		"local-cluster[2,1,1024]":          {localCluster(2, 1, 1024), "local-cluster[2,1,1024]"},
		"local-cluster[ 2 , 1 , 1.5g ]":    {localCluster(2, 1, 1536), "local-cluster[2,1,1536]"},
		"local-cluster[1048576,1048576,1]": {localCluster(1<<20, 1<<20, 1), "local-cluster[1048576,1048576,1]"},
	} {
		got, err := deploy.ParseMasterURL(in)
		if err != nil || !reflect.DeepEqual(got, want.url) {
			t.Errorf("ParseMasterURL(%q) = %+v, %v; want %+v", in, got, err, want.url)
		}
		if got.String() != want.text {
			t.Errorf("%q comes back as %q, want %q", in, got.String(), want.text)
		}
	}
	if s := (deploy.MasterURL{}).String(); s != "" {
		t.Errorf("the zero URL is %q", s)
	}
}

func TestParseMasterURLRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "its form is unknown", "muster://": "is no host", "muster://,h1": "is no host", "muster://h1,": "is no host", "muster://h1,,h2": "is no host",
		"muster://:7077": "has no host", "muster://h1:0": "port 0", "muster://h1:99999": "from 0 to 65535", "muster://h1,h1:7077": "named twice",
		"muster://h1:7077/": "without a path", "muster://me@h1": "without a path, a user", "muster://h1?x=1": "or options",
		"muster://h1,muster://h2": "repeats the scheme", "muster://::1:7077": "in brackets", "muster://h 1": "between its dots",
		"muster://" + strings.Repeat("h,", 64) + "h": "names 65 masters", "muster://" + strings.Repeat(",", 10<<20): "at most 64",
		"h1:7077": "the scheme is missing; write muster://h1:7077", "muster:/h1": "did you mean muster", "mustre://h1": "did you mean muster",
		"sparc://h1": "did you mean spark", "LOCAL[2]": "did you mean local", "lcoal": "did you mean local", "local4": "did you mean local",
		"local[2*]": `threads "2*" is not a whole number`, "local[*2]": "* means all processors", "local[]": "is empty", "local[0]": `threads "0" is zero`,
		"local[-1]": "is negative", "local[0,1]": "is zero", "local[*,0]": `attempts per task "0" is zero`, "local[2,-1]": "is negative",
		"local[2,*]": `attempts per task "*"`, "local[2,]": "attempts per task \"\" is empty", "local[1.5]": "not a whole number", "local[99999999]": "at most 1048576",
		"local[1,2,3]": "or local-cluster[2,1,1024]", "local[4": "bracket is not closed", "local[4]x": "bracket is not closed", "local[four]": "not a whole number",
		"local-cluster": "needs workers, cores and memory", "local-cluster[1,2": "needs workers", "local-cluster[]": "takes three numbers",
		"local-cluster[1,2]": "takes three numbers", "local-cluster[1,2,3,4]": "takes three numbers", "local-cluster[0,1,1]": `workers "0" is zero`,
		"local-cluster[1,0,1]": `cores per worker "0" is zero`, "local-cluster[1,1,0]": `memory "0" is zero`, "local-cluster[1,1,-5g]": "is negative",
		"http://h1": "its form is unknown", "\x00\n": "its form is unknown", "[2]": "its form is unknown", "muster": "did you mean muster",
		strings.Repeat("local[", 2<<20): "(12582912 bytes)",
	} {
		u, err := deploy.ParseMasterURL(in)
		checkRefusal(t, in, err, "master URL ", want)
		if !reflect.DeepEqual(u, deploy.MasterURL{}) {
			t.Errorf("ParseMasterURL(%q) gives %+v beside its error", in, u)
		}
		if errors.Is(err, deploy.ErrUnsupportedMaster) {
			t.Errorf("%v: not another cluster manager", err)
		}
	}
}

func TestParseMasterURLOfOthers(t *testing.T) {
	sentences := map[string]string{}
	for in, want := range map[string]string{
		"yarn": "write muster://", "yarn-client": "--deploy-mode client", "yarn-cluster": "old word for YARN with the driver in the cluster",
		"yarn-standalone": "oldest word", "mesos://h:5050": "Mesos is retired", "zk://h:2181/mesos": "muster://host1:7077,host2:7077",
		"simr://h": "MapReduce", "k8s://https://h:443": "Kubernetes", "nomad://h": "Nomad jobs",
	} {
		_, err := deploy.ParseMasterURL(in)
		checkRefusal(t, in, err, want)
		if !errors.Is(err, deploy.ErrUnsupportedMaster) {
			t.Errorf("%v: not ErrUnsupportedMaster", err)
		}
		_, sentence, _ := strings.Cut(err.Error(), deploy.ErrUnsupportedMaster.Error())
		if other, twice := sentences[sentence]; twice {
			t.Errorf("%q and %q share the sentence %q", in, other, sentence)
		}
		sentences[sentence] = in
	}
	for _, in := range []string{"YARN", "mesos://zk://h:2181/mesos", "k8s", "yarn://h"} {
		if _, err := deploy.ParseMasterURL(in); !errors.Is(err, deploy.ErrUnsupportedMaster) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestMasterKindString(t *testing.T) {
	for kind, want := range map[deploy.MasterKind]string{
		deploy.KindStandalone: "muster", deploy.KindLocal: "local", deploy.KindLocalCluster: "local-cluster", 0: "unknown master kind 0", 9: "unknown master kind 9",
	} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d is %q, want %q", uint8(kind), got, want)
		}
	}
}

func FuzzParseMasterURL(f *testing.F) {
	for _, s := range []string{"muster://h1:7077,h2", "spark://[::1]", "local", "local[*]", "local[4, 2]", "local[2*]", "local-cluster[2,1,1g]", "yarn", "zk://", "h:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := deploy.ParseMasterURL(s)
		if err != nil {
			checkRefusal(t, s, err)
			return
		}
		if again, err := deploy.ParseMasterURL(u.String()); err != nil || !reflect.DeepEqual(again, u) {
			t.Fatalf("%q is %q, which reads as %+v, %v", s, u, again, err)
		}
	})
}

func BenchmarkParseMasterURL(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deploy.ParseMasterURL("muster://node1:7077,node2:7077,node3:7077"); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParseMasterURL() {
	for _, s := range []string{"spark://node1, node2:7078", "local[4, 2]", "local-cluster[2,1,1g]", "local[2*]"} {
		u, err := deploy.ParseMasterURL(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u)
	}
	// Output:
	// muster://node1:7077,node2:7078
	// local[4,2]
	// local-cluster[2,1,1024]
	// master URL "local[2*]": threads "2*" is not a whole number; write digits only, 1 or more (* means all processors)
}
