package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// identity is what survives of a worker between its processes: the file <StateDir>/worker.json.
type identity struct {
	ID          deploy.WorkerID    `json:"id"`
	Incarnation deploy.Incarnation `json:"incarnation"`
	Seen        []seen             `json:"epochs,omitempty"`

	path string
}

type seen struct {
	Cluster deploy.ClusterID `json:"cluster"`
	Epoch   deploy.Epoch     `json:"epoch"`
}

// takeUp reads the identity of dir, or makes one, and begins the next incarnation.
func takeUp(dir, pattern string, id deploy.WorkerID, at deploy.Address, now time.Time) (*identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("worker state directory: %w", err)
	}
	me := &identity{path: filepath.Join(dir, "worker.json")}
	b, err := os.ReadFile(me.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("worker identity: %w", err)
	default:
		if err := json.Unmarshal(b, me); err != nil {
			return nil, fmt.Errorf("worker identity %s is damaged (%w): remove the file to start as a new worker", me.path, err)
		}
	}
	if id != "" && me.ID != "" && id != me.ID {
		return nil, fmt.Errorf("worker id %q: %s belongs to %q: use that id or another state directory: %w", id, dir, me.ID, deploy.ErrConflict)
	}
	if me.ID == "" {
		me.ID = id
	}
	if me.ID == "" {
		p, err := deploy.ParseWorkerPattern(pattern)
		if err != nil {
			return nil, err
		}
		me.ID = deploy.WorkerID(p.Format(deploy.IDTime(now), deploy.IDHost(at.Host), int64(at.Port)))
	}
	if err := deploy.CheckID("worker id", string(me.ID)); err != nil {
		return nil, err
	}
	me.Incarnation++
	return me, me.save()
}

func (me *identity) epochs() []workercore.EpochSeen {
	out := make([]workercore.EpochSeen, len(me.Seen))
	for i, s := range me.Seen {
		out[i] = workercore.EpochSeen{Cluster: s.Cluster, Epoch: s.Epoch}
	}
	return out
}

// raise keeps the highest epoch of each cluster named, durably.
func (me *identity) raise(list []workercore.EpochSeen) error {
	for _, e := range list {
		found := false
		for i := range me.Seen {
			if me.Seen[i].Cluster == e.Cluster {
				me.Seen[i].Epoch, found = max(me.Seen[i].Epoch, e.Epoch), true
			}
		}
		if !found {
			me.Seen = append(me.Seen, seen{Cluster: e.Cluster, Epoch: e.Epoch})
		}
	}
	if keep := 16; len(me.Seen) > keep { // of clusters long gone
		me.Seen = me.Seen[len(me.Seen)-keep:]
	}
	return me.save()
}

// save replaces the file as a whole: a power cut leaves the old or the new one.
func (me *identity) save() (err error) {
	b, err := json.MarshalIndent(me, "", "  ")
	if err != nil {
		return fmt.Errorf("worker identity: %w", err)
	}
	dir := filepath.Dir(me.path)
	f, err := os.CreateTemp(dir, "worker-*.tmp")
	if err != nil {
		return fmt.Errorf("worker identity: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("worker identity: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), me.path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
