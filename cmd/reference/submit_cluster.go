package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// onWorker brings the program to the cluster and submits it as a driver.
func (s *submission) onWorker(ctx context.Context, c *client, p program) error {
	spec, err := s.driver(ctx, c, p)
	if err != nil {
		return err
	}
	request := deploy.RequestID(s.request)
	if request == "" {
		request = newRequest()
	}
	got, err := c.send(ctx, deploy.SubmitDriver{Request: request, Spec: spec})
	if err != nil {
		return fmt.Errorf("submit %s: %w", spec.Name, err)
	}
	if _, err := fmt.Fprintln(s.app.out, got.ID); err != nil {
		return err
	}
	if s.wait || (!s.detach && isTerminal(s.app.out)) {
		return s.follow(ctx, c, deploy.DriverID(got.ID))
	}
	return s.warnIfNever(ctx, c, got.ID)
}

// warnIfNever tells at once what will not get better by waiting.
func (s *submission) warnIfNever(ctx context.Context, c *client, id string) error {
	why, err := c.decision(ctx, id)
	if err == nil && why.Code == deploy.ReasonInfeasible {
		_, err = fmt.Fprintf(s.app.err, "%s waits: %s\n", id, &why)
	}
	return err
}

func (s *submission) driver(ctx context.Context, c *client, p program) (deploy.DriverSpec, error) {
	store, err := c.Blobs(ctx)
	if err != nil {
		return deploy.DriverSpec{}, err
	}
	main, err := bring(ctx, store, p.file, p.interpreter == "")
	if err != nil {
		return deploy.DriverSpec{}, err
	}
	all := []deploy.Artifact{main}
	var names []string // beside the program, in the driver's working directory
	for _, f := range s.files() {
		a, err := bring(ctx, store, f, false)
		if err != nil {
			return deploy.DriverSpec{}, err
		}
		all, names = append(all, a), append(names, a.Name)
	}
	need, err := s.driverNeed()
	if err != nil {
		return deploy.DriverSpec{}, err
	}
	name, args := p.command(main.Name, s.jvmOptions(), s.words[1:])
	env, err := s.driverEnv(names)
	if err != nil {
		return deploy.DriverSpec{}, err
	}
	for _, key := range sortedStrings(s.set.Below("driver.env.")) {
		env = append(env, deploy.EnvVar{Name: key, Value: s.set.Below("driver.env.")[key]})
	}
	return deploy.DriverSpec{
		Name: s.name(p), User: userName(), Place: s.driverPlacement(), Need: need, Supervise: s.set.Bool("driver.supervise"),
		MaxRestarts: int32(s.set.Int("driver.maxRestarts", -1, int64(deploy.NoLimit))),
		Command:     deploy.Command{Program: name, Args: args, Env: env, Artifacts: all},
	}, s.set.Err()
}

func (s *submission) driverNeed() (deploy.Resources, error) {
	custom, err := s.amounts("driver.resource.")
	return deploy.Resources{Cores: s.set.Cores("driver.cores"), MemoryMiB: s.set.Memory("driver.memory"), Custom: custom}, err
}

// bring puts a file into the cluster's store unless it is there already.
func bring(ctx context.Context, store artifact.Store, path string, executable bool) (_ deploy.Artifact, err error) {
	f, err := os.Open(path)
	if err != nil {
		return deploy.Artifact{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return deploy.Artifact{}, fmt.Errorf("read %s: %w", path, err)
	}
	a := deploy.Artifact{Digest: deploy.Digest(hex.EncodeToString(h.Sum(nil))), Name: filepath.Base(path), Size: size, Executable: executable}
	has, err := store.Has(ctx, a.Digest)
	if err != nil || has {
		return a, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return a, fmt.Errorf("read %s: %w", path, err)
	}
	if _, _, err := store.Put(ctx, a.Digest, f); err != nil {
		return a, fmt.Errorf("bring %s to the cluster: %w", path, err)
	}
	return a, nil
}

// follow shows what becomes of a driver until its end, and ends as it did. An interrupt detaches: the driver goes on.
func (s *submission) follow(ctx context.Context, c *client, id deploy.DriverID) error {
	last := ""
	for {
		err := s.followOnce(ctx, c, id, &last)
		var end *exitError
		switch {
		case err == nil || errors.As(err, &end):
			return err
		case ctx.Err() != nil:
			fmt.Fprintf(s.app.err, "detached; the driver goes on. End it with: muster kill %s\n", id)
			return &exitError{code: 130, err: errors.New("")}
		case !errors.Is(err, deploy.ErrUnavailable) && !errors.Is(err, deploy.ErrNotLeader) && !errors.Is(err, deploy.ErrRecovering):
			return err
		}
		t := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

func (s *submission) followOnce(ctx context.Context, c *client, id deploy.DriverID, last *string) error {
	known := false
	for rows, err := range c.Watch(ctx, rpc.Query{Kind: deploy.RowDriver, ID: string(id), Follow: true, Ended: true}) {
		if err != nil {
			return err
		}
		for _, r := range rows.Rows {
			d, ok := r.(deploy.DriverRow)
			if !ok {
				return fmt.Errorf("driver %s: its master has begun anew: %w", id, deploy.ErrUnavailable)
			}
			line, err := c.stateLine(ctx, d)
			if err != nil {
				return err
			}
			if line != *last {
				*last = line
				fmt.Fprintln(s.app.err, line)
			}
			if d.State.Terminal() {
				return ending(d)
			}
			known = true
		}
		if rows.Whole && !known {
			return fmt.Errorf("driver %s: %w: the cluster that took it is gone, and the one that answers now does not know it", id, deploy.ErrNotFound)
		}
	}
	return fmt.Errorf("driver %s: the stream of its states ended: %w", id, deploy.ErrUnavailable)
}

// stateLine says in one line how a driver is, and why if it waits.
func (c *client) stateLine(ctx context.Context, d deploy.DriverRow) (string, error) {
	line := fmt.Sprintf("%s %s", d.ID, d.State)
	if d.Worker != "" && !d.State.Terminal() {
		line += " on " + string(d.Worker)
	}
	if d.Attempt > 1 {
		line += fmt.Sprintf(", attempt %d", d.Attempt)
	}
	if d.Waiting == deploy.ReasonNone {
		return line, nil
	}
	why, err := c.decision(ctx, string(d.ID))
	if err != nil {
		return line, err
	}
	if why.Code == deploy.ReasonNone { // it has just ended to wait
		return line + ", waiting: " + d.Waiting.String(), nil
	}
	return line + ", waiting: " + why.String(), nil
}

// decision gives the newest decision about a driver, NONE if there is none.
func (c *client) decision(ctx context.Context, id string) (deploy.Decision, error) {
	found, err := c.rows(ctx, rpc.Query{Kind: deploy.RowDecision, App: deploy.AppID(id)})
	for _, r := range found {
		if d, ok := r.(deploy.DecisionRow); ok {
			return d.Decision, err
		}
	}
	return deploy.Decision{}, err
}

// ending turns a driver's end into this command's: its own code, 128+n for a signal, 125 if it never ran.
func ending(d deploy.DriverRow) error {
	switch {
	case d.State == deploy.DriverFinished:
		return nil
	case d.State == deploy.DriverFailed && d.Exit.Signal != 0:
		return &exitError{code: 128 + int(d.Exit.Signal), err: fmt.Errorf("driver %s %s: %s", d.ID, d.State, d.Message)}
	case d.State == deploy.DriverFailed && d.Exit.Code != 0:
		return &exitError{code: int(d.Exit.Code), err: fmt.Errorf("driver %s %s: exit code %d", d.ID, d.State, d.Exit.Code)}
	case d.State == deploy.DriverKilled && d.Exit.Signal != 0:
		return &exitError{code: 128 + int(d.Exit.Signal), err: fmt.Errorf("driver %s %s", d.ID, d.State)}
	}
	return fmt.Errorf("driver %s %s: %s", d.ID, d.State, d.Message)
}
