//go:build linux

package proclauncher

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// records are the launches that may outlive their worker, one synced file each. The keeper writes them; while there is none, the worker.
// They hold neither arguments nor environment nor secrets.
type records struct{ dir string }

func recordsIn(stateDir string) records { return records{dir: filepath.Join(stateDir, "launches")} }

func (r records) path(id deploy.LaunchID) string { return filepath.Join(r.dir, id.String()+".json") }

// write makes h durable.
func (r records) write(h holding) error {
	text, err := json.Marshal(h)
	if err == nil {
		err = writeSynced(r.path(h.Handle.Launch), text)
	}
	if err != nil {
		return fmt.Errorf("record launch %s: %w", h.Handle.Launch, err)
	}
	return nil
}

func (r records) remove(id deploy.LaunchID) error {
	if err := os.Remove(r.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget launch %s: %w", id, err)
	}
	return nil
}

// load reads all records. A damaged one is put aside under another name, so that it hinders nothing and can be looked at.
func (r records) load() ([]holding, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, fmt.Errorf("load launches: %w", err)
	}
	var all []holding
	for _, e := range entries {
		name, isRecord := strings.CutSuffix(e.Name(), ".json")
		if !isRecord {
			continue
		}
		path := filepath.Join(r.dir, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load launches: %w", err)
		}
		var h holding
		if json.Unmarshal(text, &h) == nil && h.Handle.Launch.String() == name {
			all = append(all, h)
			continue
		}
		if err := os.Rename(path, path+".damaged"); err != nil {
			return nil, fmt.Errorf("load launches: %w", err)
		}
	}
	return all, nil
}

// writeSynced replaces a file so that a crash leaves the old or the new content.
func writeSynced(path string, text []byte) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
