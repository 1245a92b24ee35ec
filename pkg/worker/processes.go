package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// errAbandoned ends a preparation whose process is not wanted any more.
var errAbandoned = errors.New("its end was ordered before it was launched")

// start prepares one launch while prep lasts and hands it to the launcher; whatever fails is said in the operating system's own words.
func (w *Worker) start(ctx, prep context.Context, l deploy.Launch) error {
	ev := workercore.Prepared{Launch: l.ID}
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
		if err := w.launch(ctx, prep, l); err != nil {
			ev.Failure = err.Error()
		}
	case <-prep.Done():
		ev.Failure = context.Cause(prep).Error()
	}
	return ignoreEnd(ctx, w.post(ctx, ev, nil))
}

func (w *Worker) launch(ctx, prep context.Context, l deploy.Launch) error {
	files, release, err := w.fetch(prep, l.Command.Artifacts)
	if err != nil {
		return err
	}
	defer release()
	spec := w.spec(l)
	spec.Files = files
	if err := writeSecrets(&spec, l); err != nil {
		return err
	}
	if prep.Err() != nil {
		return context.Cause(prep)
	}
	w.live.add(l.ID, spec.Dir)
	if _, err := w.deps.Launcher.Launch(ctx, spec); err != nil {
		w.live.drop(l.ID)
		return err
	}
	return nil
}

// fetch brings a launch's artifacts into the cache, each once, and holds them until release.
func (w *Worker) fetch(ctx context.Context, list []deploy.Artifact) (files []launcher.File, release func(), err error) {
	if len(list) == 0 {
		return nil, func() {}, nil
	}
	from := w.leader.Load()
	if from == nil {
		return nil, nil, fmt.Errorf("artifacts: no leader is known to fetch them from: %w", deploy.ErrUnavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.FetchTimeout)
	defer cancel()
	files = make([]launcher.File, len(list))
	var held []deploy.Digest
	release = func() {
		for _, d := range held {
			w.deps.Cache.Release(d)
		}
	}
	for _, a := range list {
		w.deps.Cache.Hold(a.Digest)
		held = append(held, a.Digest)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, a := range list {
		g.Go(func() error {
			path, err := w.deps.Cache.Get(ctx, a.Digest, func(ctx context.Context) (io.ReadCloser, error) { return w.download(ctx, *from, a.Digest) })
			if err != nil {
				return fmt.Errorf("artifact %q (sha256 %s) from %s: %w", a.Name, a.Digest, from, err)
			}
			files[i] = launcher.File{Source: path, Name: a.Name, Executable: a.Executable}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		release()
		return nil, nil, err
	}
	return files, release, nil
}

func (w *Worker) download(ctx context.Context, from deploy.Address, d deploy.Digest) (io.ReadCloser, error) {
	client, err := w.deps.Transport.Client(from)
	if err != nil {
		return nil, err
	}
	r, _, err := client.Blobs().Open(ctx, d)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// spec says how a launch becomes a process: directory, environment, placeholders, outputs.
func (w *Worker) spec(l deploy.Launch) launcher.Spec {
	s := launcher.Spec{
		Launch: l.ID, Grace: w.cfg.Grace, OrphanGrace: w.cfg.OrphanGrace, Addresses: l.Addresses,
		Limits: launcher.Limits{Cores: l.Need.Cores, MemoryMiB: l.Need.MemoryMiB},
	}
	if l.Leased {
		s.OrphanGrace = 0 // nobody watches its lease while the worker is gone
	}
	if l.Driver != "" {
		s.Owner = string(l.Driver)
		s.Dir = w.driverDir(l.Driver, l.Attempt)
	} else {
		s.Owner = l.Executor.String()
		s.Dir = w.executorDir(l.Executor)
	}
	s.Outputs = launcher.Outputs{Stdout: "stdout", Stderr: "stderr", Rolling: w.cfg.Rolling}
	fill := w.placeholders(l, s.Dir)
	s.Program = fill.Replace(l.Command.Program)
	s.Args = make([]string, len(l.Command.Args))
	for i, a := range l.Command.Args {
		s.Args[i] = fill.Replace(a)
	}
	s.Env = w.environment(l, s.Dir, fill)
	return s
}

func (w *Worker) executorDir(e deploy.ExecutorID) string {
	return filepath.Join(w.cfg.WorkDir, string(e.App), strconv.Itoa(int(e.Num)))
}

// driverDir is <work>/<driver> for the first attempt and <work>/<driver>/attempt-N for later ones, so that no output is overwritten.
func (w *Worker) driverDir(d deploy.DriverID, attempt deploy.Attempt) string {
	dir := filepath.Join(w.cfg.WorkDir, string(d))
	if attempt > 1 {
		dir = filepath.Join(dir, fmt.Sprintf("attempt-%d", attempt))
	}
	return dir
}

// clean removes the empty directories of an ended application; logs stay for those who read them.
func (w *Worker) clean(app deploy.AppID) {
	dir := filepath.Join(w.cfg.WorkDir, string(app))
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) || len(entries) > 0 {
		return
	}
	if err == nil {
		err = os.Remove(dir)
	}
	if err != nil {
		w.log.Warn("cannot clean up", "app_id", app, "error", err)
	}
}

// held gives what the launcher still holds from the worker's last process. Without adoption the keeper has ended it all.
func (w *Worker) held(ctx context.Context) ([]workercore.Held, error) {
	handles, err := w.deps.Launcher.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("launcher: %w", err)
	}
	for _, h := range handles {
		if err := w.deps.Launcher.Control(ctx, h.Launch, launcher.Stop{Grace: -1}); err != nil {
			return nil, fmt.Errorf("end %s of the last process: %w", h.Owner, err)
		}
	}
	return nil, nil
}

// watch passes on what the launcher sees.
func (w *Worker) watch(ctx context.Context) error {
	for ev, err := range w.deps.Launcher.Watch(ctx, 0) {
		if err != nil {
			return ignoreEnd(ctx, fmt.Errorf("watch the launcher: %w", err))
		}
		w.live.see(ev)
		if err := w.post(ctx, workercore.Process{Event: ev}, nil); err != nil {
			return nil
		}
	}
	return ignoreEnd(ctx, fmt.Errorf("watch the launcher: %w", launcher.ErrClosed))
}
