package recovery_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
)

// disk is a store whose records a test reads and changes behind the Journal's back.
type disk struct {
	*testing.T
	mode *recovery.Mode
}

func newDisk(t *testing.T, limits recovery.Limits) *disk {
	return &disk{t, recovery.NewMemoryStore(limits, nil).Mode(nil)}
}

func (d *disk) open(opts recovery.Options) (*recovery.Journal, recovery.Saved, error) {
	return recovery.OpenJournal(d.Context(), d.mode, election.Claim{}, opts)
}

func (d *disk) must(opts recovery.Options) (*recovery.Journal, recovery.Saved) {
	d.Helper()
	j, saved, err := d.open(opts)
	if err != nil {
		d.Fatal(err)
	}
	return j, saved
}

func (d *disk) append(j *recovery.Journal, changes ...deploy.Change) {
	d.Helper()
	if err := j.Append(d.Context(), changes); err != nil {
		d.Fatal(err)
	}
}

// records reads everything; raw because the Journal would judge it.
func (d *disk) records() map[string][]byte {
	d.Helper()
	out := map[string][]byte{}
	epoch, err := d.mode.Engine.Begin(d.Context(), election.Claim{})
	if err != nil {
		d.Fatal(err)
	}
	for r, err := range d.mode.Engine.Load(d.Context(), epoch) {
		if err != nil {
			d.Fatal(err)
		}
		out[r.Key] = r.Value
	}
	return out
}

// tamper changes the records behind the Journal's back.
func (d *disk) tamper(change func(map[string][]byte)) {
	d.Helper()
	before := d.records()
	after := maps.Clone(before)
	change(after)
	var batch []recovery.Mutation
	for key := range before {
		if _, ok := after[key]; !ok {
			batch = append(batch, recovery.Mutation{Key: key})
		}
	}
	for key, value := range after {
		batch = append(batch, recovery.Mutation{Key: key, Value: value})
	}
	epoch, err := d.mode.Engine.Begin(d.Context(), election.Claim{})
	if err == nil {
		err = d.mode.Engine.Apply(d.Context(), epoch, batch)
	}
	if err != nil {
		d.Fatal(err)
	}
}

func worker(id string, cores int32) deploy.PutWorker {
	return deploy.PutWorker{Record: deploy.WorkerRecord{Spec: deploy.WorkerSpec{ID: deploy.WorkerID(id), Cores: cores}}}
}

func app(id string) deploy.PutApp {
	return deploy.PutApp{Record: deploy.AppRecord{ID: deploy.AppID(id)}}
}

// filled has worker a, b, c, d (numbers 1, 6, 3, 4; b written a second time), application x (5); worker e was dropped (7, 8).
func filled(t *testing.T) *disk {
	d := newDisk(t, recovery.Limits{})
	j, _ := d.must(recovery.Options{NewCluster: func() deploy.ClusterID { return deploy.ClusterID{1} }})
	d.append(j, worker("a", 1), worker("b", 2))
	d.append(j, worker("c", 3), worker("d", 4), app("x"))
	d.append(j, worker("b", 22))
	d.append(j, worker("e", 5))
	d.append(j, deploy.DropWorker{ID: "e"})
	return d
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x40
	return b
}

type damageCase struct {
	name    string
	tamper  func(t *testing.T, r map[string][]byte)
	damaged string // Kind Key Seq of each damage, comma-separated
	refused bool
	left    string // what is recovered, with loss accepted where it must be
}

func older(t *testing.T, key string) []byte {
	d := newDisk(t, recovery.Limits{})
	j, _ := d.must(recovery.Options{NewCluster: func() deploy.ClusterID { return deploy.ClusterID{1} }})
	d.append(j, worker("a", 1), worker("b", 2))
	d.append(j, worker("c", 3), worker("d", 4), app("x"))
	if key == "worker/e" {
		d.append(j, worker("b", 22))
		d.append(j, worker("e", 5))
	}
	return d.records()[key]
}

var damageCases = []damageCase{
	{"nothing", func(*testing.T, map[string][]byte) {}, "", false, "a c d x b"},
	{"a bit of a payload", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = flip(r["worker/c"], 60) }, "corrupt worker/c 0", false, "a d x b"},
	{"a bit of a header", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = flip(r["worker/c"], 30) }, "corrupt worker/c 0", false, "a d x b"},
	{"a magic", func(_ *testing.T, r map[string][]byte) { r["app/x"] = flip(r["app/x"], 0) }, "corrupt app/x 0", false, "a c d b"},
	{"a length", func(_ *testing.T, r map[string][]byte) { r["app/x"] = flip(r["app/x"], 40) }, "corrupt app/x 0", false, "a c d b"},
	{"truncated to nothing", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = []byte{} }, "corrupt worker/c 0", false, "a d x b"},
	{"truncated in the payload", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = r["worker/c"][:70] }, "corrupt worker/c 0", false, "a d x b"},
	{"bytes appended", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = append(bytes.Clone(r["worker/c"]), 0) }, "corrupt worker/c 0", false, "a d x b"},
	{"zeroes", func(_ *testing.T, r map[string][]byte) { r["worker/c"] = make([]byte, len(r["worker/c"])) }, "corrupt worker/c 0", false, "a d x b"},
	{"two corrupt of one kind", func(_ *testing.T, r map[string][]byte) {
		r["worker/c"], r["worker/a"] = flip(r["worker/c"], 60), flip(r["worker/a"], 60)
	}, "corrupt worker/a 0,corrupt worker/c 0", false, "d x b"},
	{"two swapped", func(_ *testing.T, r map[string][]byte) { r["worker/a"], r["worker/c"] = r["worker/c"], r["worker/a"] }, "corrupt worker/a 3,corrupt worker/c 1", false, "d x b"},
	{"a copy under another kind", func(_ *testing.T, r map[string][]byte) { r["app/x"] = r["worker/a"] }, "corrupt app/x 1", false, "a c d b"},
	{"a corrupt record that nobody counts", func(_ *testing.T, r map[string][]byte) { r["worker/z"] = []byte("rest") }, "corrupt worker/z 0", false, "a c d x b"},

	{"one missing", func(_ *testing.T, r map[string][]byte) { delete(r, "worker/c") }, "missing worker/c 3", true, "a d x b"},
	{"the last one missing", func(_ *testing.T, r map[string][]byte) { delete(r, "worker/b") }, "missing worker/b 6", true, "a c d x"},
	{"one of each kind missing", func(_ *testing.T, r map[string][]byte) { delete(r, "worker/a"); delete(r, "app/x") }, "missing app/x 5,missing worker/a 1", true, "c d b"},
	{"two missing", func(_ *testing.T, r map[string][]byte) { delete(r, "worker/a"); delete(r, "worker/b") }, "missing worker/ 0", true, "c d x"},
	{"one missing and one corrupt", func(_ *testing.T, r map[string][]byte) {
		delete(r, "worker/a")
		r["worker/c"] = flip(r["worker/c"], 60)
	}, "missing worker/a 0,corrupt worker/c 0", true, "d x b"},
	{"an older version beside a corrupt record", func(t *testing.T, r map[string][]byte) {
		r["worker/b"], r["worker/c"] = older(t, "worker/b"), flip(r["worker/c"], 60)
	}, "stale worker/ 0,corrupt worker/c 0", true, "a b d x"},
	{"an older version", func(t *testing.T, r map[string][]byte) { r["worker/b"] = older(t, "worker/b") }, "stale worker/b 2", true, "a b c d x"},
	{"a deleted one is back", func(t *testing.T, r map[string][]byte) { r["worker/e"] = older(t, "worker/e") }, "returned worker/e 7", true, "a c d x b"},
	{"the head is older", func(t *testing.T, r map[string][]byte) { r["head"] = older(t, "head") }, "ahead of the head worker/b 6", true, "a c d x b"},
	{"the head is missing", func(_ *testing.T, r map[string][]byte) { delete(r, "head") }, "head lost head 0", true, "a c d x b"},
	{"the head is corrupt", func(_ *testing.T, r map[string][]byte) { r["head"] = flip(r["head"], 60) }, "head lost head 0", true, "a c d x b"},
	{"the head is a record", func(_ *testing.T, r map[string][]byte) { r["head"] = r["worker/a"] }, "head lost head 0", true, "a c d x b"},
	{"a record of another cluster", func(t *testing.T, r map[string][]byte) {
		other := newDisk(t, recovery.Limits{})
		j, _ := other.must(recovery.Options{})
		other.append(j, worker("a", 9))
		r["worker/f"] = other.records()["worker/a"] // under its own key it would be swapped
		r["worker/a"] = r["worker/f"]
		delete(r, "worker/f")
	}, "missing worker/a 1,foreign worker/a 1", true, "c d x b"},
	{"a key of nobody", func(_ *testing.T, r map[string][]byte) { r["lost+found"] = []byte("?") }, "foreign lost+found 0", true, "a c d x b"},
}

func summary(damaged []recovery.Damage) string {
	var out []string
	for _, d := range damaged {
		out = append(out, fmt.Sprintf("%s %s %d", d.Kind, d.Key, d.Seq))
	}
	return strings.Join(out, ",")
}

func ids(changes []deploy.Change) string {
	var out []string
	for _, c := range changes {
		_, id, _ := strings.Cut(c.Key(), "/")
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

func TestDamage(t *testing.T) {
	for _, c := range damageCases {
		t.Run(c.name, func(t *testing.T) {
			d := filled(t)
			d.tamper(func(r map[string][]byte) { c.tamper(t, r) })
			before := d.records()
			_, saved, err := d.open(recovery.Options{})
			if errors.Is(err, recovery.ErrDamaged) != c.refused {
				t.Fatalf("opening: %v", err)
			}
			if c.refused {
				d.namesAll(err, c.damaged)
				if after := d.records(); !maps.EqualFunc(before, after, bytes.Equal) {
					t.Fatal("a refused opening has changed the records")
				}
				_, saved = d.must(recovery.Options{AcceptLoss: true})
			}
			if got := summary(saved.Damaged); got != c.damaged {
				t.Errorf("damage %q, want %q\n%v", got, c.damaged, saved.Damaged)
			}
			if got := ids(saved.Changes); got != c.left {
				t.Errorf("recovered %q, want %q", got, c.left)
			}
			if _, again := d.must(recovery.Options{}); len(again.Damaged) > 0 || ids(again.Changes) != c.left {
				t.Errorf("opened again: %v, %q", again.Damaged, ids(again.Changes))
			}
		})
	}
}

// namesAll: the error of a refusal names each damaged key.
func (d *disk) namesAll(err error, damaged string) {
	d.Helper()
	for one := range strings.SplitSeq(damaged, ",") {
		words := strings.Fields(one)
		if key := words[len(words)-2]; !strings.Contains(err.Error(), key) {
			d.Errorf("the error does not name %q: %v", key, err)
		}
	}
}

// TestEveryByteCounts flips each byte of each record: none goes unnoticed, and nothing else is lost.
func TestEveryByteCounts(t *testing.T) {
	d := filled(t)
	whole := d.records()
	for key, value := range whole {
		for at := range value {
			d.tamper(func(r map[string][]byte) {
				clear(r)
				maps.Copy(r, whole)
				r[key] = flip(value, at)
			})
			_, saved, err := d.open(recovery.Options{})
			want := 4
			if key == "head" {
				want = 0
			}
			if errors.Is(err, recovery.ErrDamaged) != (key == "head") || len(saved.Changes) != want || key != "head" && len(saved.Damaged) != 1 {
				t.Fatalf("byte %d of %s: %v, %v, %d changes", at, key, err, saved.Damaged, len(saved.Changes))
			}
		}
	}
}

func TestQuarantineKeepsTheBytes(t *testing.T) {
	d := filled(t)
	d.tamper(func(r map[string][]byte) { r["worker/c"] = []byte("garbage") })
	_, saved := d.must(recovery.Options{})
	key := fmt.Sprintf("quarantine/%d/worker/c", saved.Epoch)
	if got := d.records(); string(got[key]) != "garbage" || got["worker/c"] != nil {
		t.Fatalf("records %q", got)
	}
	j, saved := d.must(recovery.Options{})
	if len(saved.Damaged) > 0 {
		t.Fatalf("what was set aside is damaged again: %v", saved.Damaged)
	}
	d.append(j, worker("c", 33))
	if _, saved = d.must(recovery.Options{}); ids(saved.Changes) != "a d x b c" {
		t.Fatalf("recovered %q", ids(saved.Changes))
	}
}

// TestNumbersGoOn: the number of a deletion is not given again in the next term.
func TestNumbersGoOn(t *testing.T) {
	d := filled(t)
	j, _ := d.must(recovery.Options{})
	d.append(j, worker("f", 1))
	d.tamper(func(r map[string][]byte) { delete(r, "worker/f") })
	if _, _, err := d.open(recovery.Options{}); err == nil || !strings.Contains(err.Error(), "worker/f (number 9): missing") {
		t.Fatalf("opening: %v", err)
	}
}

func TestNewerVersionIsNeverLost(t *testing.T) {
	d := filled(t)
	d.tamper(func(r map[string][]byte) { r["worker/c"] = newer(r["worker/c"]) })
	if _, _, err := d.open(recovery.Options{AcceptLoss: true}); !errors.Is(err, recovery.ErrVersion) || !strings.Contains(err.Error(), "worker/c") {
		t.Fatalf("opening: %v", err)
	}
}

func TestEpochBelowTheHeadIsRefused(t *testing.T) {
	d := filled(t)
	d.must(recovery.Options{})
	d.must(recovery.Options{})
	records := d.records()
	restored := newDisk(t, recovery.Limits{}) // a new engine counts its epochs from 1 again
	restored.tamper(func(r map[string][]byte) { maps.Copy(r, records) })
	_, _, err := restored.open(recovery.Options{AcceptLoss: true})
	if !errors.Is(err, recovery.ErrDamaged) || !strings.Contains(err.Error(), "epoch 3 has begun, but epoch 3 has written") {
		t.Fatalf("opening: %v", err)
	}
}

// newer gives a record as a program with the next format would write it.
func newer(record []byte) []byte {
	body := bytes.Clone(record[:len(record)-4])
	body[4]++
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}
