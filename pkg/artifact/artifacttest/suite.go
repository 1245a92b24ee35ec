package artifacttest

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
	"testing/iotest"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
)

// Store is a new, empty store.
type Store struct {
	artifact.Store
	// Reopen closes the store and opens it again; nil if it cannot be.
	Reopen func() artifact.Store
	// MaxBlobBytes is the store's limit of one blob; 0 is none.
	MaxBlobBytes int64
	// Clean tells at the end of a case what has been left behind; nil if nothing can tell.
	Clean func() error
}

// Run runs the suite; open makes a store for each case.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &checked{T: t, Store: open(t)}
			c.run(s)
			if s.Clean != nil {
				if err := s.Clean(); err != nil {
					t.Errorf("left behind: %v", err)
				}
			}
		})
	}
}

var cases = []struct {
	name string
	run  func(*checked)
}{
	{"PutAndOpen", putAndOpen},
	{"PutTwice", putTwice},
	{"WrongDigest", wrongDigest},
	{"NotADigest", notADigest},
	{"NotFound", notFound},
	{"Release", release},
	{"BrokenReader", brokenReader},
	{"EndedContext", endedContext},
	{"ContextEndsWhileReading", contextEnds},
	{"TooLarge", tooLarge},
	{"Concurrent", concurrent},
	{"Reopen", reopen},
}

// Digest is the digest of content.
func Digest(content []byte) deploy.Digest {
	sum := sha256.Sum256(content)
	return deploy.Digest(hex.EncodeToString(sum[:]))
}

// checked is a case under way.
type checked struct {
	*testing.T
	Store
}

func (s *checked) put(want deploy.Digest, content []byte) {
	s.Helper()
	d, size, err := s.Put(s.Context(), want, bytes.NewReader(content))
	if err != nil || d != Digest(content) || size != int64(len(content)) {
		s.Fatalf("put %d bytes: digest %s, %d bytes, %v", len(content), d, size, err)
	}
}

// holds checks that a blob is there, and what it holds.
func (s *checked) holds(content []byte) {
	s.Helper()
	d := Digest(content)
	if ok, err := s.Has(s.Context(), d); err != nil || !ok {
		s.Fatalf("has %s: %v, %v", d, ok, err)
	}
	r, size, err := s.Open(s.Context(), d)
	if err != nil || size != int64(len(content)) {
		s.Fatalf("open %s: %d bytes, %v", d, size, err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
		s.Fatalf("read %s: %d bytes that differ, %v", d, len(got), err)
	}
}

func (s *checked) lacks(d deploy.Digest) {
	s.Helper()
	if ok, err := s.Has(s.Context(), d); err != nil || ok {
		s.Fatalf("has %s: %v, %v; want neither", d, ok, err)
	}
	if _, _, err := s.Open(s.Context(), d); !errors.Is(err, artifact.ErrNotFound) {
		s.Fatalf("open %s: %v, want ErrNotFound", d, err)
	}
}

// blob gives content of n bytes that differs with its seed.
func blob(seed, n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%-16d", seed), n/16+1)[:n]
}

func putAndOpen(s *checked) {
	for _, n := range []int{0, 1, 1000, 5 << 20} {
		if s.MaxBlobBytes == 0 || int64(n) <= s.MaxBlobBytes {
			content := blob(n, n)
			s.lacks(Digest(content))
			s.put("", content)
			s.holds(content)
		}
	}
	content := blob(7, 100)
	s.put(Digest(content), content)
	s.holds(content)
}

func putTwice(s *checked) {
	content := blob(1, 3000)
	s.put("", content)
	s.put("", content)
	s.put(Digest(content), content)
	s.holds(content)
}

func wrongDigest(s *checked) {
	right, wrong := blob(1, 2000), blob(2, 2000)
	_, _, err := s.Put(s.Context(), Digest(right), bytes.NewReader(wrong))
	if !errors.Is(err, artifact.ErrDigest) {
		s.Fatalf("put other content than promised: %v, want ErrDigest", err)
	}
	s.lacks(Digest(right))
	s.lacks(Digest(wrong))
	s.put(Digest(right), right)
	s.holds(right)
}

func notADigest(s *checked) {
	good := string(Digest(nil))
	for _, d := range []deploy.Digest{"x", "../../../../etc/passwd", deploy.Digest(strings.ToUpper(good)), deploy.Digest(good[1:]), deploy.Digest(good + "0"), deploy.Digest(good[:62] + "/.")} {
		_, _, err := s.Put(s.Context(), d, strings.NewReader("x"))
		s.invalid("put", d, err)
		_, _, err = s.Open(s.Context(), d)
		s.invalid("open", d, err)
		_, err = s.Has(s.Context(), d)
		s.invalid("has", d, err)
		s.invalid("release", d, s.Release(s.Context(), d))
	}
	_, _, err := s.Open(s.Context(), "")
	s.invalid("open", "", err)
}

func (s *checked) invalid(what string, d deploy.Digest, err error) {
	s.Helper()
	if !errors.Is(err, deploy.ErrInvalid) {
		s.Errorf("%s %q: %v, want ErrInvalid", what, d, err)
	}
}

func notFound(s *checked) {
	s.put("", blob(1, 10))
	s.lacks(Digest(blob(2, 10)))
}

func release(s *checked) {
	content, other := blob(1, 300_000), blob(2, 10)
	if s.MaxBlobBytes > 0 {
		content = content[:min(300_000, s.MaxBlobBytes)]
	}
	s.put("", content)
	s.put("", other)
	r, _, err := s.Open(s.Context(), Digest(content))
	if err != nil {
		s.Fatal(err)
	}
	for range 2 {
		if err := s.Release(s.Context(), Digest(content)); err != nil {
			s.Fatalf("release: %v", err)
		}
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
		s.Errorf("who was reading at the release got %d bytes, %v", len(got), err)
	}
	if err := s.Release(s.Context(), Digest(blob(3, 3))); err != nil {
		s.Errorf("release of a blob that was never there: %v", err)
	}
	s.put(Digest(content), content)
	s.holds(content)
	s.holds(other)
}

func brokenReader(s *checked) {
	broken := errors.New("connection reset")
	content := blob(1, 2000)
	for _, want := range []deploy.Digest{"", Digest(content)} {
		_, _, err := s.Put(s.Context(), want, io.MultiReader(bytes.NewReader(content), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			s.Fatalf("put from a reader that breaks: %v, want its error", err)
		}
		s.lacks(Digest(content))
	}
	s.put(Digest(content), content)
	s.holds(content)
}

func endedContext(s *checked) {
	content := blob(1, 10)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, _, putErr := s.Put(ctx, "", bytes.NewReader(content))
	_, _, openErr := s.Open(ctx, Digest(content))
	_, hasErr := s.Has(ctx, Digest(content))
	for what, err := range map[string]error{"put": putErr, "open": openErr, "has": hasErr, "release": s.Release(ctx, Digest(content))} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%s under an ended context: %v", what, err)
		}
	}
	s.lacks(Digest(content))
}

func contextEnds(s *checked) {
	ctx, cancel := context.WithCancel(s.Context())
	content := blob(1, 2000)
	endless := readerFunc(func(p []byte) (int, error) {
		cancel()
		return copy(p, content), nil
	})
	if _, _, err := s.Put(ctx, "", endless); !errors.Is(err, context.Canceled) {
		s.Errorf("put from a reader that never ends: %v", err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func tooLarge(s *checked) {
	if s.MaxBlobBytes == 0 {
		return
	}
	fits := blob(1, int(s.MaxBlobBytes))
	over := append(bytes.Clone(fits), 'x')
	for _, want := range []deploy.Digest{"", Digest(over)} {
		if _, _, err := s.Put(s.Context(), want, bytes.NewReader(over)); !errors.Is(err, artifact.ErrTooLarge) {
			s.Errorf("put %d bytes: %v, want ErrTooLarge", len(over), err)
		}
		s.lacks(Digest(over))
	}
	s.put("", fits)
	s.holds(fits)
}

func concurrent(s *checked) {
	const blobs, putters = 4, 4
	var wg sync.WaitGroup
	for b := range blobs {
		content := blob(b, 1500)
		for p := range putters {
			wg.Go(func() {
				want := Digest(content)
				if p%2 == 0 {
					want = ""
				}
				d, size, err := s.Put(s.Context(), want, iotest.OneByteReader(bytes.NewReader(content)))
				if err != nil || d != Digest(content) || size != int64(len(content)) {
					s.Errorf("put at the same time as others: %s, %d bytes, %v", d, size, err)
				}
			})
		}
		wg.Go(func() {
			if _, err := s.Has(s.Context(), Digest(content)); err != nil {
				s.Errorf("has at the same time as puts: %v", err)
			}
		})
	}
	wg.Wait()
	for b := range blobs {
		s.holds(blob(b, 1500))
	}
}

func reopen(s *checked) {
	if s.Reopen == nil {
		return
	}
	kept, gone := blob(1, 1000), blob(2, 1000)
	s.put("", kept)
	s.put("", gone)
	if err := s.Release(s.Context(), Digest(gone)); err != nil {
		s.Fatal(err)
	}
	s.Store.Store = s.Reopen()
	s.holds(kept)
	s.lacks(Digest(gone))
	s.put("", kept)
}
