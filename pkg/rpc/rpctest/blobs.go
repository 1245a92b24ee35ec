package rpctest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// shelf is a store that a test can look into.
type shelf struct {
	limit int
	mu    sync.Mutex
	blobs map[deploy.Digest][]byte
	fault error // of Put, whatever it read before
}

func newShelf(limit int) *shelf { return &shelf{limit: limit, blobs: map[deploy.Digest][]byte{}} }

func digest(content string) deploy.Digest {
	sum := sha256.Sum256([]byte(content))
	return deploy.Digest(hex.EncodeToString(sum[:]))
}

// Put keeps what it reads.
func (s *shelf) Put(_ context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(s.limit)+1))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.fault = err
		return "", 0, err
	}
	got := digest(string(b))
	switch {
	case len(b) > s.limit:
		return "", 0, fmt.Errorf("%w: the limit is %d bytes", artifact.ErrTooLarge, s.limit)
	case want != "" && want != got:
		return "", 0, fmt.Errorf("%w: promised %s, came %s", artifact.ErrDigest, want, got)
	}
	s.blobs[got] = b
	return got, int64(len(b)), nil
}

// Open reads a blob.
func (s *shelf) Open(_ context.Context, d deploy.Digest) (io.ReadCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[d]
	if !ok {
		return nil, 0, fmt.Errorf("%s: %w", d, artifact.ErrNotFound)
	}
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}

// Has tells whether a blob is kept.
func (s *shelf) Has(_ context.Context, d deploy.Digest) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.blobs[d]
	return ok, nil
}

// Release forgets a blob.
func (s *shelf) Release(_ context.Context, d deploy.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, d)
	return nil
}

func testBlobs(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{Blobs: newShelf(8 << 20)})
	store := w.client(t).Blobs()
	for _, content := range []string{"", "a", strings.Repeat("blob of some size ", 100_000)} {
		want := digest(content)
		if has, err := store.Has(within(t), want); has || err != nil {
			t.Fatalf("before: %v, %v", has, err)
		}
		for _, promise := range []deploy.Digest{"", want, want} {
			d, n, err := store.Put(within(t), promise, strings.NewReader(content))
			if d != want || n != int64(len(content)) || err != nil {
				t.Fatalf("put of %d bytes gave %s, %d, %v", len(content), d, n, err)
			}
		}
		if has, err := store.Has(within(t), want); !has || err != nil {
			t.Fatalf("after: %v, %v", has, err)
		}
		r, n, err := store.Open(within(t), want)
		if err != nil || n != int64(len(content)) {
			t.Fatalf("open gave %d bytes, %v", n, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != content {
			t.Errorf("read %d bytes of %d, or others: %v", len(got), len(content), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Release(within(t), want); err != nil {
			t.Error(err)
		}
		if has, err := store.Has(within(t), want); has || err != nil {
			t.Errorf("released: %v, %v", has, err)
		}
	}
}

func testBlobFaults(t *testing.T, p Pair) {
	s := newShelf(1 << 20)
	w := serve(t, p, rpc.Server{Blobs: s})
	store := w.client(t).Blobs()
	if _, _, err := store.Open(within(t), digest("nobody has it")); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("open of nothing gave %v", err)
	}
	if _, _, err := store.Put(within(t), digest("this"), strings.NewReader("that")); !errors.Is(err, artifact.ErrDigest) {
		t.Errorf("put of other content gave %v", err)
	}
	if _, _, err := store.Put(within(t), "", strings.NewReader(strings.Repeat("x", 3<<20))); !errors.Is(err, artifact.ErrTooLarge) {
		t.Errorf("put of too much gave %v", err)
	}
	if len(s.blobs) > 0 {
		t.Errorf("%d blobs are kept", len(s.blobs))
	}
}

// broken reads a while and fails.
type broken struct {
	left int
	err  error
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.err
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func testBlobBreaksOff(t *testing.T, p Pair) {
	s := newShelf(8 << 20)
	w := serve(t, p, rpc.Server{Blobs: s})
	store := w.client(t).Blobs()
	why := errors.New("disk on fire")
	if _, _, err := store.Put(within(t), "", &broken{left: 200_000, err: why}); !errors.Is(err, why) {
		t.Errorf("a source that fails gave %v", err)
	}
	content := strings.Repeat("blob of some size ", 200_000)
	d, _, err := store.Put(within(t), "", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := store.Open(within(t), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil { // the rest is not wanted: nothing may stay behind
		t.Error(err)
	}
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil || len(s.blobs) != 1 {
		t.Errorf("the server kept %d blobs and saw %v of the source that broke off", len(s.blobs), s.fault)
	}
}
