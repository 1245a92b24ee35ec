package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// file is a file to be brought to masters, and what it is called there.
type file struct {
	path     string
	artifact deploy.Artifact
}

// digest reads every file once to learn its name in the store.
func digest(list []backend.File) ([]file, error) {
	out := make([]file, len(list))
	for i, f := range list {
		if err := deploy.CheckName("file name", f.Name, 255); err != nil {
			return nil, err
		}
		r, err := os.Open(f.Path)
		if err != nil {
			return nil, fmt.Errorf("file %q of the application: %w", f.Name, err)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("file %q of the application: %w", f.Name, err)
		}
		d := deploy.Digest(hex.EncodeToString(sum.Sum(nil)))
		out[i] = file{path: f.Path, artifact: deploy.Artifact{Digest: d, Name: f.Name, Size: n, Executable: f.Executable}}
	}
	return out, nil
}

// ship brings the files to the master of a session.
func (l *loop) ship(ctx context.Context, peer deploy.PeerID, at deploy.Address) {
	ev := shipped{peer: peer}
	if err := l.shipAll(ctx, at); err != nil {
		ev.failure = err.Error()
	}
	l.post(ctx, incoming{event: ev})
}

func (l *loop) shipAll(ctx context.Context, at deploy.Address) error {
	ctx, cancel := context.WithTimeout(ctx, l.a.cfg.ShipTimeout)
	defer cancel()
	client, err := l.a.deps.Transport.Client(at)
	if err != nil {
		return err
	}
	store := client.Blobs()
	for _, f := range l.files {
		if err := put(ctx, store, f); err != nil {
			return fmt.Errorf("file %q (sha256 %s): %w", f.artifact.Name, f.artifact.Digest, err)
		}
	}
	return nil
}

// put uploads a file unless the master has it already.
func put(ctx context.Context, store artifact.Store, f file) error {
	has, err := store.Has(ctx, f.artifact.Digest)
	if has || err != nil {
		return err
	}
	r, err := os.Open(f.path)
	if err != nil {
		return err
	}
	_, _, err = store.Put(ctx, f.artifact.Digest, r)
	return errors.Join(err, r.Close())
}
