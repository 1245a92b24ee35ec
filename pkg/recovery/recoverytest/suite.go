package recoverytest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
)

// Store is a place for records and how to open it.
type Store struct {
	// Open opens the store once more; what an earlier opening made durable is there. The case closes the engine.
	Open func() (*recovery.Mode, error)
	// Claim wins a claim for an opening of the store; it holds until the case ends or another opening wins. Nil: the engine takes the zero claim.
	Claim func(t *testing.T, m *recovery.Mode) election.Claim
	// Exclusive: a second opening is refused while one is open.
	Exclusive bool
	// Forgets: nothing is kept, not even from Apply to Load.
	Forgets bool
	// Many is how many records the large cases write; 0 is 100 000.
	Many int
}

// Run runs the suite; open makes a new, empty store for each case.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if s := open(t); !s.Forgets || c.forgetful {
				c.run(&opened{T: t, store: s, claims: map[*recovery.Mode]election.Claim{}})
			}
		})
	}
}

var cases = []struct {
	name      string
	forgetful bool // makes sense for a store that keeps nothing
	run       func(*opened)
}{
	{"EpochsGrow", true, epochsGrow},
	{"OldEpochIsFenced", true, oldEpochIsFenced},
	{"EpochNobodyBeganIsFenced", true, epochNobodyBegan},
	{"Openers", true, openers},
	{"ClaimIsChecked", true, claimIsChecked},
	{"CancelledContext", true, cancelledContext},
	{"ClosedEngine", true, closedEngine},
	{"KeepsNothing", true, keepsNothing},
	{"Reopen", false, reopen},
	{"PutReplacesDeleteDeletes", false, putAndDelete},
	{"EmptyValue", false, emptyValue},
	{"EveryByteInKeys", false, everyByte},
	{"BytesBelongToTheirOwner", false, ownership},
	{"LoadMayStopEarly", false, loadStops},
	{"AllOrNothing", false, allOrNothing},
	{"LargeRecord", false, largeRecord},
	{"BigBatch", false, bigBatch},
	{"ManyRecords", false, manyRecords},
	{"JournalNewCluster", true, journalNewCluster},
	{"JournalFold", false, journalFold},
	{"JournalVerify", true, journalVerify},
}

// opened is a case under way: the helpers end the case on the first error.
type opened struct {
	*testing.T
	store  Store
	claims map[*recovery.Mode]election.Claim
}

// open opens the store; the engine is closed at the end of the case if the case did not.
func (o *opened) open() *recovery.Mode {
	o.Helper()
	m, err := o.store.Open()
	if err != nil {
		o.Fatalf("open the store: %v", err)
	}
	o.Cleanup(func() {
		if err := m.Engine.Close(); err != nil {
			o.Errorf("close at the end of the case: %v", err)
		}
	})
	return m
}

func (o *opened) close(m *recovery.Mode) {
	o.Helper()
	if err := m.Engine.Close(); err != nil {
		o.Fatalf("close: %v", err)
	}
}

func (o *opened) claim(m *recovery.Mode) election.Claim {
	if o.store.Claim == nil {
		return election.Claim{}
	}
	if _, won := o.claims[m]; !won {
		o.claims[m] = o.store.Claim(o.T, m)
	}
	return o.claims[m]
}

func (o *opened) begin(m *recovery.Mode) deploy.Epoch {
	o.Helper()
	epoch, err := m.Engine.Begin(o.Context(), o.claim(m))
	if err != nil {
		o.Fatalf("begin: %v", err)
	}
	return epoch
}

func (o *opened) apply(m *recovery.Mode, epoch deploy.Epoch, batch ...recovery.Mutation) {
	o.Helper()
	if err := m.Engine.Apply(o.Context(), epoch, batch); err != nil {
		o.Fatalf("apply %d mutations in epoch %d: %v", len(batch), epoch, err)
	}
}

// load gives all records; a key given twice ends the case.
func (o *opened) load(m *recovery.Mode, epoch deploy.Epoch) map[string][]byte {
	o.Helper()
	out, err := load(o.Context(), m.Engine, epoch)
	if err != nil {
		o.Fatalf("load in epoch %d: %v", epoch, err)
	}
	return out
}

func load(ctx context.Context, engine recovery.PersistenceEngine, epoch deploy.Epoch) (map[string][]byte, error) {
	out := map[string][]byte{}
	for r, err := range engine.Load(ctx, epoch) {
		if err != nil {
			return out, err
		}
		if _, twice := out[r.Key]; twice {
			return out, errors.New("record given twice: " + r.Key)
		}
		out[r.Key] = r.Value
	}
	return out, nil
}

// holds ends the case unless the store holds exactly want.
func (o *opened) holds(got, want map[string][]byte) {
	o.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[key]
		if !ok {
			o.Fatalf("record %q is missing; %d are there, %d were written", key, len(got), len(want))
		}
		if !bytes.Equal(value, want[key]) {
			o.Fatalf("record %q holds %d bytes %.40q, written were %d bytes %.40q", key, len(value), value, len(want[key]), want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			o.Fatalf("record %q is there and should not be", key)
		}
	}
}

// gets ends the case unless err is want.
func (o *opened) gets(what string, err, want error) {
	o.Helper()
	if !errors.Is(err, want) {
		o.Fatalf("%s: got the error %v, want %v", what, err, want)
	}
}

func put(key, value string) recovery.Mutation {
	return recovery.Mutation{Key: key, Value: []byte(value)}
}

func drop(key string) recovery.Mutation { return recovery.Mutation{Key: key} }
