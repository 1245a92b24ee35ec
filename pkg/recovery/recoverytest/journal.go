package recoverytest

import (
	"encoding/json"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/recovery"
)

func (o *opened) journal(m *recovery.Mode) (*recovery.Journal, recovery.Saved) {
	o.Helper()
	j, saved, err := recovery.OpenJournal(o.Context(), m, o.claim(m), recovery.Options{})
	if err != nil {
		o.Fatalf("open a journal: %v", err)
	}
	if len(saved.Damaged) > 0 {
		o.Fatalf("a sound store is called damaged: %v", saved.Damaged)
	}
	return j, saved
}

func (o *opened) append(j *recovery.Journal, changes []deploy.Change) {
	o.Helper()
	if err := j.Append(o.Context(), changes); err != nil {
		o.Fatal(err)
	}
}

func journalNewCluster(o *opened) {
	m := o.open()
	_, first := o.journal(m)
	_, second := o.journal(m)
	if first.Cluster.IsZero() || len(first.Changes) > 0 {
		o.Fatalf("a new store gave cluster %s and %d changes", first.Cluster, len(first.Changes))
	}
	if second.Epoch <= first.Epoch {
		o.Fatalf("epoch %d followed epoch %d", second.Epoch, first.Epoch)
	}
	if same := first.Cluster == second.Cluster; same == o.store.Forgets {
		o.Fatalf("cluster %s, then %s: a store names its cluster once, one that forgets each time", first.Cluster, second.Cluster)
	}
}

// journalFold: what is saved is the fold of what was appended, over many terms.
func journalFold(o *opened) {
	const terms, appends, most = 4, 6, 60
	model := map[string]deploy.Change{}
	for term := range terms {
		m := o.open()
		j, saved := o.journal(m)
		o.sameFold(saved.Changes, model)
		for i := range appends {
			changes := Changes(uint64(100*term+i), most*i/(appends-1))
			o.append(j, changes)
			Fold(model, changes)
		}
		o.close(m)
	}
	m := o.open()
	_, saved := o.journal(m)
	o.sameFold(saved.Changes, model)
}

// Fold applies changes to a model: the last Put of each key that was not dropped since.
func Fold(model map[string]deploy.Change, changes []deploy.Change) {
	for _, c := range changes {
		switch c.(type) {
		case deploy.DropWorker, deploy.DropApp, deploy.DropDriver, deploy.DropAnswer:
			delete(model, c.Key())
		default:
			model[c.Key()] = c
		}
	}
}

func (o *opened) sameFold(saved []deploy.Change, model map[string]deploy.Change) {
	o.Helper()
	got, want := map[string][]byte{}, map[string][]byte{}
	for _, c := range saved {
		got[c.Key()] = o.text(c)
	}
	if len(got) != len(saved) {
		o.Fatalf("%d saved changes are about %d keys", len(saved), len(got))
	}
	for key, c := range model {
		want[key] = o.text(c)
	}
	o.holds(got, want)
}

func (o *opened) text(c deploy.Change) []byte {
	o.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		o.Fatal(err)
	}
	return text
}

func journalVerify(o *opened) {
	m := o.open()
	old, _ := o.journal(m)
	if err := old.Verify(o.Context()); err != nil {
		o.Fatalf("verify an epoch that holds: %v", err)
	}
	now, _ := o.journal(m)
	o.gets("verify a fenced epoch", old.Verify(o.Context()), recovery.ErrFenced)
	o.gets("append in a fenced epoch", old.Append(o.Context(), Changes(1, 3)), recovery.ErrFenced)
	o.append(now, Changes(2, 3))
}
