package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/artifact/artifacttest"
	"github.com/musterproject/muster/pkg/deploy"
)

// source counts the fetches of one content.
type source struct {
	*testing.T
	cache   *artifact.Cache
	content string
	fetches atomic.Int32
}

func (s *source) digest() deploy.Digest { return artifacttest.Digest([]byte(s.content)) }

func (s *source) fetch(context.Context) (io.ReadCloser, error) {
	s.fetches.Add(1)
	return io.NopCloser(strings.NewReader(s.content)), nil
}

// get gets the content and checks the file.
func (s *source) get() string {
	s.Helper()
	path, err := s.cache.Get(s.Context(), s.digest(), s.fetch)
	if err != nil {
		s.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != s.content {
		s.Fatalf("%s holds %q, %v; want %q", path, got, err, s.content)
	}
	return path
}

func (s *source) fetched(want int32) {
	s.Helper()
	if got := s.fetches.Load(); got != want {
		s.Errorf("%q was fetched %d times, want %d", s.content, got, want)
	}
}

func openCache(t testing.TB, dir string, limits artifact.Limits) *artifact.Cache {
	t.Helper()
	c, err := artifact.OpenCache(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheFetchesOnce(t *testing.T) {
	dir := t.TempDir()
	s := &source{T: t, cache: openCache(t, dir, artifact.Limits{}), content: "program"}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.cache.Get(t.Context(), s.digest(), s.fetch); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.get()
	s.fetched(1)
	s.cache = openCache(t, dir, artifact.Limits{}) // the next process
	s.get()
	s.fetched(1)
	if err := leftovers(dir); err != nil {
		t.Error(err)
	}
}

func TestCacheRefetchesWhatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	s := &source{T: t, cache: openCache(t, dir, artifact.Limits{}), content: "0123456789"}
	path := s.get()
	damage := map[string]func() error{
		"truncated":           func() error { return os.Truncate(path, 3) },
		"written in place":    func() error { return rewrite(path, "0123456_89") },
		"removed":             func() error { return os.Remove(path) },
		"removed with folder": func() error { return os.RemoveAll(filepath.Dir(path)) },
	}
	want := int32(1)
	for name, harm := range damage {
		if err := harm(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.get()
		want++
		s.fetched(want)
	}
	// A change that leaves size and time as they were is seen by the next process.
	info, err := os.Stat(path)
	if err := errors.Join(err, rewrite(path, "9876543210"), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	s.cache = openCache(t, dir, artifact.Limits{})
	s.get()
	s.fetched(want + 1)
}

// rewrite changes a read-only file as its owner can.
func rewrite(path, content string) error {
	return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte(content), 0o644), os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
}

func TestCacheTouchedButWhole(t *testing.T) {
	s := &source{T: t, cache: openCache(t, t.TempDir(), artifact.Limits{}), content: "same"}
	if err := os.Chtimes(s.get(), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	s.get()
	s.fetched(1)
}

func TestCacheFailures(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, artifact.Limits{MaxBlobBytes: 100})
	unreachable := errors.New("no route to host")
	d := artifacttest.Digest([]byte("right"))
	reader := func(s string) func(context.Context) (io.ReadCloser, error) {
		return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
	}
	for name, tc := range map[string]struct {
		fetch func(context.Context) (io.ReadCloser, error)
		want  error
	}{
		"unreachable":   {func(context.Context) (io.ReadCloser, error) { return nil, unreachable }, unreachable},
		"wrong content": {reader("wrong"), artifact.ErrDigest},
		"cut off":       {reader("righ"), artifact.ErrDigest},
		"endless":       {func(context.Context) (io.ReadCloser, error) { return io.NopCloser(endless{}), nil }, artifact.ErrTooLarge},
	} {
		if _, err := c.Get(t.Context(), d, tc.fetch); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), string(d)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Get(t.Context(), "../x", reader("right")); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("not a digest: %v", err)
	}
	if _, err := c.Get(t.Context(), d, reader("right")); err != nil {
		t.Errorf("after the failures: %v", err)
	}
	if err := leftovers(dir); err != nil {
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestCacheSharesFailures: who waited gets the same error, but the end of the fetcher's own context is its own affair.
func TestCacheSharesFailures(t *testing.T) {
	unreachable := errors.New("no route to host")
	for _, cancelled := range []bool{false, true} {
		s := &source{T: t, cache: openCache(t, t.TempDir(), artifact.Limits{}), content: "program"}
		ctx, cancel := context.WithCancel(t.Context())
		fetching, goOn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.cache.Get(ctx, s.digest(), func(context.Context) (io.ReadCloser, error) {
				close(fetching)
				<-goOn
				return nil, unreachable
			})
			if !errors.Is(err, unreachable) {
				t.Errorf("who fetched got %v", err)
			}
		})
		<-fetching
		waiting := make(chan struct{})
		wg.Go(func() {
			close(waiting)
			_, err := s.cache.Get(t.Context(), s.digest(), s.fetch)
			if cancelled && err != nil {
				t.Errorf("the fetcher's context ended, and who waited got %v", err)
			}
			if !cancelled && err != nil && !errors.Is(err, unreachable) { // nil: it came too late to wait
				t.Errorf("who waited got %v", err)
			}
		})
		<-waiting
		if cancelled {
			cancel()
		}
		close(goOn)
		wg.Wait()
		cancel()
	}
}

func TestCachePanickingFetch(t *testing.T) {
	s := &source{T: t, cache: openCache(t, t.TempDir(), artifact.Limits{}), content: "program"}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of a fetch was swallowed")
			}
		}()
		_, err := s.cache.Get(t.Context(), s.digest(), func(context.Context) (io.ReadCloser, error) { panic("bug") })
		t.Errorf("returned %v", err)
	}()
	s.get()
}

func TestCacheDropsLeastRecentlyUsed(t *testing.T) {
	dir := t.TempDir()
	cache := openCache(t, dir, artifact.Limits{MaxTotalBytes: 20})
	sources := map[string]*source{}
	for _, name := range []string{"a", "b", "c", "d", "big"} {
		sources[name] = &source{T: t, cache: cache, content: strings.Repeat(name, 10)}
	}
	there := func(want string) {
		t.Helper()
		got := ""
		for _, name := range []string{"a", "b", "c", "d", "big"} {
			if names, err := filepath.Glob(filepath.Join(dir, "blobs", "*", string(sources[name].digest())+".*")); err == nil && len(names) == 1 {
				got += name
			}
		}
		if got != want {
			t.Fatalf("the cache holds %q, want %q", got, want)
		}
	}
	cache.Hold(sources["a"].digest())
	cache.Hold(sources["a"].digest())
	for _, name := range []string{"a", "b", "c", "b", "d"} {
		sources[name].get() // c is used before b
	}
	there("abcd") // a is held, d just used, b and c are 20 bytes
	sources["big"].get()
	there("abdbig")
	cache.Release(sources["a"].digest())
	there("abdbig") // a is held once more
	sources["d"].get()
	cache.Release(sources["a"].digest())
	there("d") // just used: d; idle were a, b and the 30 bytes of big
	sources["a"].get()
	there("ad")
	sources["a"].fetched(2)
	cache.Hold(sources["big"].digest())
	sources["big"].get()
	sources["b"].get()
	there("abdbig") // what is held does not count
}

func TestCacheCopiesSurvive(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	s := &source{T: t, cache: openCache(t, dir, artifact.Limits{MaxTotalBytes: 1}), content: "program"}
	s.cache.Hold(s.digest())
	if err := artifact.Place(s.get(), work, "program", true); err != nil {
		t.Fatal(err)
	}
	s.cache.Release(s.digest())
	other := &source{T: t, cache: s.cache, content: "other"}
	other.get() // drops the program
	s.fetched(1)
	got, err := os.ReadFile(filepath.Join(work, "program"))
	if err != nil || !bytes.Equal(got, []byte("program")) {
		t.Errorf("the placed file holds %q, %v", got, err)
	}
	s.get()
	s.fetched(2)
}
