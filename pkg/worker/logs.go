package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/rpc"
)

const (
	logChunk  = 64 << 10               // bytes of one piece
	logFollow = 200 * time.Millisecond // between looks at a file that is being followed
)

// logs reads an output file of an executor or a driver, by logical offset across rolled files. Following ends when the process is gone
// and everything has been read.
func (w *Worker) logs(ctx context.Context, _ deploy.Principal, q rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
	return func(yield func(rpc.LogChunk, error) bool) {
		dir, err := w.logDir(q)
		if err != nil {
			yield(rpc.LogChunk{}, err)
			return
		}
		w.readLog(ctx, dir, q, yield)
	}
}

// logDir finds the directory and checks that the query names one of ours.
func (w *Worker) logDir(q rpc.LogQuery) (string, error) {
	if q.Stream != "stdout" && q.Stream != "stderr" {
		return "", fmt.Errorf("log stream %q: %w: it must be stdout or stderr", q.Stream, deploy.ErrInvalid)
	}
	if q.Driver != "" {
		if err := deploy.CheckID("driver id", string(q.Driver)); err != nil {
			return "", err
		}
		if q.Attempt == 0 {
			return w.newestAttempt(q.Driver), nil
		}
		return w.driverDir(q.Driver, q.Attempt), nil
	}
	if err := deploy.CheckID("app id", string(q.Executor.App)); err != nil {
		return "", err
	}
	return w.executorDir(q.Executor), nil
}

func (w *Worker) newestAttempt(d deploy.DriverID) string {
	newest := w.driverDir(d, 1)
	later, err := filepath.Glob(filepath.Join(newest, "attempt-*"))
	if err != nil {
		return newest
	}
	for n := deploy.Attempt(len(later) + 64); n > 1; n-- { // attempts may be missing here: they ran on other workers
		if dir := w.driverDir(d, n); isDir(dir) {
			return dir
		}
	}
	return newest
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (w *Worker) readLog(ctx context.Context, dir string, q rpc.LogQuery, yield func(rpc.LogChunk, error) bool) {
	log, err := proclauncher.OpenLog(dir, q.Stream)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("no %s in %s on worker %s: it was never started here or its directory has been removed: %w", q.Stream, filepath.Base(dir), w.me.ID, deploy.ErrNotFound)
		}
		yield(rpc.LogChunk{}, err)
		return
	}
	defer func() { _ = log.Close() }()
	at, left := q.Offset, q.Limit
	buf := make([]byte, logChunk)
	for {
		piece := buf
		if q.Limit > 0 && left < int64(len(piece)) {
			piece = piece[:left]
		}
		n, from, err := log.ReadAt(piece, at)
		if err != nil {
			yield(rpc.LogChunk{}, err)
			return
		}
		if n > 0 {
			at, left = from+int64(n), left-int64(n)
			if !yield(rpc.LogChunk{Offset: from, Data: append([]byte(nil), piece[:n]...)}, nil) || (q.Limit > 0 && left <= 0) {
				return
			}
			continue
		}
		if !q.Follow || !w.more(ctx, dir) {
			return
		}
	}
}

// more waits until a followed file may have grown; false when it never will or the reader has gone.
func (w *Worker) more(ctx context.Context, dir string) bool {
	if !w.live.in(dir) {
		return false
	}
	t := time.NewTimer(logFollow)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
