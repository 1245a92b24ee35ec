package artifact_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/artifact"
)

// A program goes from the masters' store through a worker's cache into a working directory.
func Example() {
	dir, err := os.MkdirTemp("", "artifact-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { fmt.Println("cleaned up:", os.RemoveAll(dir)) }()
	if err := run(context.Background(), dir); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 5 bytes
	// -r-xr-xr-x greeting
	// cleaned up: <nil>
}

func run(ctx context.Context, dir string) error {
	store, err := artifact.OpenFileStore(filepath.Join(dir, "store"), artifact.Limits{MaxBlobBytes: 1 << 30})
	if err != nil {
		return err
	}
	digest, size, err := store.Put(ctx, "", strings.NewReader("hello"))
	if err != nil {
		return err
	}
	fmt.Println(digest, size, "bytes")

	cache, err := artifact.OpenCache(filepath.Join(dir, "cache"), artifact.Limits{MaxTotalBytes: 1 << 30})
	if err != nil {
		return err
	}
	cache.Hold(digest)
	defer cache.Release(digest)
	path, err := cache.Get(ctx, digest, func(ctx context.Context) (io.ReadCloser, error) {
		r, _, err := store.Open(ctx, digest)
		return r, err
	})
	if err != nil {
		return err
	}
	if err := artifact.Place(path, dir, "greeting", true); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(dir, "greeting"))
	if err != nil {
		return err
	}
	fmt.Println(info.Mode(), info.Name())
	return nil
}
