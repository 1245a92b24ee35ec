package recovery

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// Options are the choices of an opening; the zero value is right for nearly all.
type Options struct {
	AcceptLoss bool                    // go on with what can be read instead of returning ErrDamaged
	NewCluster func() deploy.ClusterID // names a new cluster; nil draws at random
}

// Saved is what earlier terms left.
type Saved struct {
	Cluster deploy.ClusterID // new if nothing was stored
	Epoch   deploy.Epoch     // of the term that begins
	Changes []deploy.Change  // one Put per live record, in the order in which they were last written
	Damaged []Damage         // what was set aside, and with AcceptLoss what was lost
}

// OpenJournal begins an epoch with claim, reads and checks every record, and writes the first head of the epoch.
// A damaged record is set aside under quarantine/ and the rest is recovered. ErrDamaged means that records are missing, stale, or of another
// cluster: nothing has been written then but the epoch.
func OpenJournal(ctx context.Context, mode *Mode, claim election.Claim, opts Options) (*Journal, Saved, error) {
	if err := checkLimits(mode.Limits); err != nil {
		return nil, Saved{}, fmt.Errorf("open the journal of %s: %w", mode.Name, err)
	}
	epoch, err := mode.Engine.Begin(ctx, claim)
	if err != nil {
		return nil, Saved{}, fmt.Errorf("open the journal of %s: begin an epoch: %w", mode.Name, err)
	}
	in := intake{audit: audit{live: map[string]uint64{}}}
	if err := in.load(ctx, mode.Engine, epoch); err != nil {
		return nil, Saved{}, fmt.Errorf("open the journal of %s: load in epoch %d: %w", mode.Name, epoch, err)
	}
	cluster, err := in.judge(epoch, opts)
	if err == nil && in.refused(opts) {
		return nil, Saved{}, refuseDamage(mode.Name, in.audit.found)
	}
	if err != nil {
		return nil, Saved{}, fmt.Errorf("open the journal of %s: %w", mode.Name, err)
	}
	j := &Journal{mode: mode, cluster: cluster, epoch: epoch, seq: in.last, live: in.audit.live, enc: newEncoder(), at: map[string]int{}}
	saved := Saved{Cluster: cluster, Epoch: epoch, Changes: in.changes(), Damaged: in.audit.found}
	for key, seq := range j.live {
		j.ledger[kindOfKey(key).index()].add(key, seq)
	}
	if err := j.begin(ctx, in.aside); err != nil {
		return nil, Saved{}, fmt.Errorf("open the journal of %s: write the head of epoch %d: %w", mode.Name, epoch, err)
	}
	return j, saved, nil
}

// begin writes the head of this epoch and moves what is set aside out of the way.
func (j *Journal) begin(ctx context.Context, list []Record) error {
	for _, a := range list {
		moved := pending{key: quarantine + strconv.FormatUint(uint64(j.epoch), 10) + "/" + a.Key, raw: append([]byte{}, a.Value...)}
		err := j.place(ctx, moved)
		if errors.Is(err, ErrLimit) {
			continue // its longer name makes it too large: it stays where it is, and no head counts it
		}
		if err == nil {
			err = j.place(ctx, pending{key: a.Key})
		}
		if err != nil {
			return err
		}
	}
	return j.flush(ctx)
}

// place pushes p, into the next batch if this one is full.
func (j *Journal) place(ctx context.Context, p pending) error {
	err := j.fits(&p)
	if errors.Is(err, errFull) {
		err = j.flush(ctx)
	}
	if err == nil {
		j.push(p)
	}
	return err
}

// sound is a record that could be read.
type sound struct {
	record Record
	envelope
	change deploy.Change
}

// intake is what an opening reads.
type intake struct {
	head  *envelope
	sound []sound
	aside []Record // to be moved out of the way
	last  uint64   // highest number seen
	audit audit
}

func (in *intake) load(ctx context.Context, engine PersistenceEngine, epoch deploy.Epoch) error {
	var headFault error
	for r, err := range engine.Load(ctx, epoch) {
		if err != nil {
			return err
		}
		if strings.HasPrefix(r.Key, quarantine) {
			continue
		}
		e, err := openEnvelope(r.Value)
		if errors.Is(err, ErrVersion) {
			return fmt.Errorf("record %q: %w", r.Key, err)
		}
		switch {
		case r.Key == headKey && err != nil:
			headFault = err
		case r.Key == headKey:
			headFault = in.takeHead(&e)
		case err != nil:
			in.setAside(r, 0, err)
		default:
			in.sound = append(in.sound, sound{record: r, envelope: e})
		}
	}
	in.decode()
	if in.head == nil && (headFault != nil || len(in.sound)+len(in.aside) > 0) {
		in.audit.found = append(in.audit.found, headDamage(headFault))
	}
	return nil
}

func headDamage(why error) Damage {
	d := Damage{Kind: DamageHead, Key: headKey, Text: "there are records and no head that counts them"}
	if why != nil {
		d.Text = why.Error()
	}
	return d
}

func (in *intake) takeHead(e *envelope) (err error) {
	if e.kind != kindHead {
		return fmt.Errorf("it is of kind %s", e.kind)
	}
	if in.audit.head, err = readLedger(e.payload); err == nil {
		in.head = e
		in.last = max(in.last, e.seq)
	}
	return err
}

// decode reads the payloads, on all processors: of a large store it is most of the time of an opening.
func (in *intake) decode() {
	faults := make([]error, len(in.sound))
	part := len(in.sound)/runtime.GOMAXPROCS(0) + 1
	var wg sync.WaitGroup
	for from := 0; from < len(in.sound); from += part {
		wg.Go(func() {
			for i := from; i < min(from+part, len(in.sound)); i++ {
				s := &in.sound[i]
				s.change, faults[i] = decodeChange(s.record.Key, &s.envelope)
			}
		})
	}
	wg.Wait()
	keep := in.sound[:0]
	for i, s := range in.sound {
		if faults[i] != nil {
			in.setAside(s.record, s.seq, faults[i])
			continue
		}
		keep = append(keep, s)
	}
	clear(in.sound[len(keep):])
	in.sound = keep
}

func (in *intake) setAside(r Record, seq uint64, why error) {
	in.aside = append(in.aside, r)
	in.audit.corruption(r.Key, seq, why)
}

// changes gives what is left of the sound records, in order.
func (in *intake) changes() []deploy.Change {
	slices.SortFunc(in.sound, func(a, b sound) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.record.Key, b.record.Key))
	})
	out := make([]deploy.Change, len(in.sound))
	for i := range in.sound {
		out[i] = in.sound[i].change
	}
	return out
}

func drawCluster() (c deploy.ClusterID) {
	_, _ = rand.Read(c[:]) // never fails
	return c
}
