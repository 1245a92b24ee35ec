package recovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Old folders of testdata/golden are never changed: what they hold is on somebody's disk. When the bytes of a record change, raise golden and
// run the test once with -write, which writes files that are missing and nothing else.
const golden = "2"

var write = flag.Bool("write", false, "write golden files that are missing")

var (
	sampleCluster = deploy.ClusterID{0x4d, 0x75, 0x73, 0x74, 0x65, 0x72, 15: 0x01}
	sampleTime    = time.Date(2026, 11, 20, 22, 30, 45, 123456789, time.UTC)
)

func sampleChanges() map[string]deploy.Change {
	command := deploy.Command{Program: "wordcount", Args: []string{"--app", "{{APP_ID}}", "<a&b>"}, Env: []deploy.EnvVar{{Name: "LANG", Value: "C.UTF-8"}},
		Artifacts: []deploy.Artifact{{Digest: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", Name: "wordcount", Size: 5, Executable: true}}}
	require := []deploy.Requirement{{Key: "gpu", Operator: deploy.OpExists}, {Key: "rack", Operator: deploy.OpNotIn, Values: []string{"r3"}}, {Key: "zone", Values: []string{"eu", "us"}}}
	prefer := []deploy.Preference{{Requirement: deploy.Requirement{Key: "disk", Values: []string{"ssd"}}, Weight: 10}}
	return map[string]deploy.Change{
		"worker": deploy.PutWorker{Record: deploy.WorkerRecord{Incarnation: 3, Decommissioned: true, Spec: deploy.WorkerSpec{
			ID: "worker-20261120223045-10.0.0.7-41234", Address: deploy.Address{Host: "10.0.0.7", Port: 41234}, WebUI: "http://10.0.0.7:8081", Cores: 16, MemoryMiB: 65536,
			Custom: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}}, Labels: []deploy.Label{{Key: "disk", Value: "ssd"}}, Adopts: true, Version: "1.0"}}},
		"app": deploy.PutApp{Record: deploy.AppRecord{ID: "app-20261120223045-0007", Request: "r-1", Owner: "ada", Order: 9, SubmittedAt: sampleTime, Held: "bob",
			Executors: 64, Token: "token", Spec: deploy.AppSpec{Name: "word count", User: "ada", CoresMax: 100, Driver: deploy.Address{Host: "::1", Port: 4040}, WebUI: "http://[::1]:4041",
				Profiles: []deploy.Profile{{ID: 0, Cores: 2, MemoryMiB: 1024, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}, {ID: 1, Cores: 4, MemoryMiB: 2048, Gang: true}},
				Targets:  []deploy.Target{{Profile: 0, Total: deploy.NoLimit}, {Profile: 1, Total: 8}}, Executor: command,
				Place: deploy.Placement{Queue: "prod.etl", Priority: -7, Require: require, Prefer: prefer, Apart: deploy.ApartHost, MaxPerWorker: 2}}}},
		"driver": deploy.PutDriver{Record: deploy.DriverRecord{ID: "driver-20261120223045-0002", Request: "r-2", Owner: "ada", Order: 10, SubmittedAt: sampleTime, Held: "eve",
			State: deploy.DriverRelaunching, Attempt: 4, Restarts: 3, Launch: deploy.LaunchID{Epoch: 2, Seq: 77}, Worker: "worker-20261120223045-10.0.0.7-41234",
			LeaseUntil: sampleTime.Add(30 * time.Second), Exit: deploy.Exit{Code: 137, Signal: 9, OOM: true}, Message: "killed",
			Spec: deploy.DriverSpec{Name: "nightly", User: "ada", Command: command, Need: deploy.Resources{Cores: 1, MemoryMiB: 512, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}, Supervise: true, MaxRestarts: -1,
				Place: deploy.Placement{Queue: "prod", Priority: 100, Require: require, Prefer: prefer}}}},
		"block": deploy.PutBlock{Name: "apps", Next: 128},
		"answer": deploy.PutAnswer{Answer: deploy.Answer{Request: "r-1", At: sampleTime, ID: "app-20261120223045-0007", Killed: []int32{1, 2}, Unknown: []int32{9},
			Code: 2, Text: "no such executor"}},
	}
}

func encodeSample(t testing.TB, c deploy.Change) []byte {
	t.Helper()
	k, _ := kindOf(c)
	enc := newEncoder()
	if err := enc.appendChange(&envelope{kind: k, cluster: sampleCluster, epoch: 5, seq: 42}, c); err != nil {
		t.Fatal(err)
	}
	return enc.buf
}

func sampleHead() []byte {
	var l ledger
	l[kindApp.index()].add("app/a", 7)
	l[kindBlock.index()].add("block/apps", 9)
	enc := newEncoder()
	enc.appendHead(&envelope{kind: kindHead, cluster: sampleCluster, epoch: 5, seq: 43}, &l)
	return enc.buf
}

// TestGoldenBytes: what is written now are the bytes of the newest golden files.
func TestGoldenBytes(t *testing.T) {
	records := map[string][]byte{"head": sampleHead()}
	for name, c := range sampleChanges() {
		records[name] = encodeSample(t, c)
	}
	for name, got := range records {
		file := filepath.Join("testdata", "golden", golden, name+".rec")
		want, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) && *write {
			want = got
			err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, got, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the bytes of this record have changed:\n%q\nwere\n%q\nIf old programs can still read them, raise golden; if not, raise formatVersion too", file, got, want)
		}
	}
}

// TestGoldenDecode: every golden file of every time is read, and nothing of it is lost.
func TestGoldenDecode(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*", "*.rec"))
	if err != nil || len(files) < len(sampleChanges())+1 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := openEnvelope(raw)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if e.kind == kindHead {
			decodeGoldenHead(t, file, &e)
			continue
		}
		var written map[string]any
		if err := json.Unmarshal(e.payload, &written); err != nil {
			t.Fatal(err)
		}
		c, err := decodeChange(sampleChanges()[strings.TrimSuffix(filepath.Base(file), ".rec")].Key(), &e)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if lost := lostField(written, asFields(t, c)); lost != "" {
			t.Errorf("%s: the field %s is not read any more", file, lost)
		}
	}
}

func decodeGoldenHead(t *testing.T, file string, e *envelope) {
	t.Helper()
	l, err := readLedger(e.payload)
	if err != nil {
		t.Errorf("%s: %v", file, err)
	}
	app := l[kindApp.index()]
	if e.seq != 43 || e.epoch != 5 || e.cluster != sampleCluster || app.count != 1 || app.seqs != 7 || app.key() != "app/a" || app.prints != fingerprint("app/a", 7) {
		t.Errorf("%s: head %+v, applications %+v", file, e, app)
	}
}

func asFields(t *testing.T, c deploy.Change) (out map[string]any) {
	t.Helper()
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lostField names a field of want that got lacks or gives another value.
func lostField(want, got any) string {
	fields, ok := want.(map[string]any)
	if !ok {
		if reflect.DeepEqual(want, got) {
			return ""
		}
		return "value"
	}
	there, _ := got.(map[string]any)
	for name, value := range fields {
		if lost := lostField(value, there[name]); lost != "" {
			return name + "." + lost
		}
	}
	return ""
}

// TestEveryChangeHasARecord reads the closed set from its source, since Go cannot list it.
func TestEveryChangeHasARecord(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "deploy", "change.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range sampleChanges() {
		known[reflect.TypeOf(c).Name()] = true
	}
	for _, c := range []deploy.Change{deploy.DropWorker{}, deploy.DropApp{}, deploy.DropDriver{}, deploy.DropAnswer{}} {
		k, put := kindOf(c)
		known[reflect.TypeOf(c).Name()] = k != 0 && !put && kindOfKey(c.Key()) == k
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "change" {
			continue
		}
		name := fn.Recv.List[0].Type.(*ast.Ident).Name
		if !known[name] {
			t.Errorf("deploy.%s is a Change without a record: give it a kind, a case in kindOf and decodeChange, and a sample here", name)
		}
		delete(known, name)
	}
	if len(known) > 0 {
		t.Errorf("these are no changes any more: %v", known)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	for text, refused := range map[string]bool{"\xff": true, "a\\\xffb": true, "\ufffd": false, `\ufffd`: false, `\\ufffd`: false, "\\\ufffd": false} {
		enc := newEncoder()
		err := enc.appendChange(&envelope{kind: kindAnswer}, deploy.PutAnswer{Answer: deploy.Answer{Request: "r", Text: text}})
		if errors.Is(err, deploy.ErrInvalid) != refused || refused != (len(enc.buf) == 0) {
			t.Errorf("%q: error %v and %d bytes", text, err, len(enc.buf))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range sampleChanges() {
		f.Add(encodeSample(f, c))
	}
	f.Add(sampleHead())
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Most random bytes fail the checksum: the payload decoders are asked about them as well.
		for _, value := range [][]byte{raw, sealEnvelope(appendPayload(raw), 0)} {
			e, err := openEnvelope(value)
			if err != nil {
				continue
			}
			if _, err := readLedger(e.payload); err == nil && len(e.payload)%tallyBytes != 0 {
				t.Fatalf("a head of %d bytes was read: %q", len(e.payload), e.payload)
			}
			for k := range 8 {
				e.kind = kind(k)
				c, err := decodeChange("block/apps", &e)
				if err == nil && c.Key() != "block/apps" {
					t.Fatalf("%q was read as %q", value, c.Key())
				}
			}
		}
	})
}

func appendPayload(raw []byte) []byte {
	return append(appendHeader(nil, &envelope{kind: kindBlock, cluster: sampleCluster}), raw...)
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("app-1", "name", int64(1), uint64(2), int32(3))
	f.Add("ü\x00/..", "\u2028<>", int64(-1), ^uint64(0), int32(-1))
	f.Fuzz(func(t *testing.T, id, text string, nanos int64, number uint64, small int32) {
		at := time.Unix(0, nanos).UTC()
		for _, c := range []deploy.Change{
			deploy.PutWorker{Record: deploy.WorkerRecord{Spec: deploy.WorkerSpec{ID: deploy.WorkerID(id), Version: text, Cores: small}, Incarnation: deploy.Incarnation(number)}},
			deploy.PutApp{Record: deploy.AppRecord{ID: deploy.AppID(id), Owner: text, Order: number, SubmittedAt: at, Executors: small}},
			deploy.PutDriver{Record: deploy.DriverRecord{ID: deploy.DriverID(id), Message: text, Launch: deploy.LaunchID{Seq: number}, LeaseUntil: at, Restarts: small}},
			deploy.PutBlock{Name: id, Next: number},
			deploy.PutAnswer{Answer: deploy.Answer{Request: deploy.RequestID(id), At: at, Text: text, Killed: []int32{small}}},
		} {
			k, _ := kindOf(c)
			enc := newEncoder()
			if err := enc.appendChange(&envelope{kind: k, cluster: sampleCluster, epoch: 1, seq: number}, c); err != nil {
				if strings.ToValidUTF8(id, "") == id && strings.ToValidUTF8(text, "") == text {
					t.Fatalf("%+v: %v", c, err)
				}
				continue
			}
			e, err := openEnvelope(enc.buf)
			if err != nil {
				t.Fatal(err)
			}
			back, err := decodeChange(c.Key(), &e)
			if err != nil || !reflect.DeepEqual(back, c) || e.seq != number || e.cluster != sampleCluster {
				t.Fatalf("%+v came back as %+v, %v", c, back, err)
			}
		}
	})
}
