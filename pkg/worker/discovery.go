package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// ErrDiscovery says that a worker's custom resources could not be established. The worker must not start: it would promise what it lacks.
var ErrDiscovery = errors.New("worker: resource discovery failed")

// Discovery says where the addresses of one custom resource come from: the resources file first, the script else.
type Discovery struct {
	Name   string
	Amount int32 // wanted; 0 takes all that is found
	Script string
}

const discoveryForm = `print one JSON object such as {"name": "gpu", "addresses": ["0", "1"]}`

// Discover gives the addresses of each resource, sorted by name. file, unless empty, holds a JSON list of {id or name, addresses}.
// timeout bounds each script.
func Discover(ctx context.Context, file string, wants []Discovery, timeout time.Duration) ([]deploy.Addresses, error) {
	found := map[string]deploy.Addresses{}
	if file != "" {
		list, err := readResources(file)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			found[a.Name] = a
		}
	}
	for _, w := range wants {
		if err := deploy.CheckID("resource name", w.Name); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDiscovery, err)
		}
		a, ok := found[w.Name]
		if !ok {
			var err error
			if a, err = runScript(ctx, w, timeout); err != nil {
				return nil, err
			}
		}
		if int(w.Amount) > len(a.Units) {
			return nil, fmt.Errorf("%w: resource %q: %d units are wanted but only %d were found: %q; lower the amount or mend the source",
				ErrDiscovery, w.Name, w.Amount, len(a.Units), a.Units)
		}
		if w.Amount > 0 {
			a.Units = a.Units[:w.Amount]
		}
		found[w.Name] = a
	}
	return sorted(found)
}

func sorted(found map[string]deploy.Addresses) ([]deploy.Addresses, error) {
	out := make([]deploy.Addresses, 0, len(found))
	for _, a := range found {
		seen := map[string]bool{}
		for _, u := range a.Units {
			if seen[u] || u == "" {
				return nil, fmt.Errorf("%w: resource %q: address %q is empty or listed twice; each unit needs its own", ErrDiscovery, a.Name, u)
			}
			seen[u] = true
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b deploy.Addresses) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// fileResource accepts the peer's form, whose name is id.resourceName, and ours.
type fileResource struct {
	Name string `json:"name"`
	ID   struct {
		ResourceName string `json:"resourceName"`
	} `json:"id"`
	Addresses []string `json:"addresses"`
}

func readResources(file string) ([]deploy.Addresses, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiscovery, err)
	}
	var list []fileResource
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%w: file %s: %w; write a JSON list such as [{\"name\": \"gpu\", \"addresses\": [\"0\"]}]", ErrDiscovery, file, err)
	}
	out := make([]deploy.Addresses, len(list))
	for i, r := range list {
		name := r.Name
		if name == "" {
			name = r.ID.ResourceName
		}
		if err := deploy.CheckID("resource name", name); err != nil {
			return nil, fmt.Errorf("%w: file %s, entry %d: %w", ErrDiscovery, file, i+1, err)
		}
		out[i] = deploy.Addresses{Name: name, Units: r.Addresses}
	}
	return out, nil
}

// runScript asks the discovery script of one resource. It and whatever it started end with the timeout.
func runScript(ctx context.Context, w Discovery, timeout time.Duration) (deploy.Addresses, error) {
	fail := func(format string, args ...any) (deploy.Addresses, error) {
		return deploy.Addresses{}, fmt.Errorf("%w: resource %q: "+format, append([]any{ErrDiscovery, w.Name}, args...)...)
	}
	if w.Script == "" {
		return fail("it is in no resources file and has no discovery script; give it one of the two")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.Script)
	ownGroup(cmd)
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{&stdout, 1 << 20}, &limited{&stderr, 4 << 10}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fail("script %s gave no answer within %s", w.Script, timeout)
	case err != nil:
		return fail("script %s: %w; it said %q", w.Script, err, strings.TrimSpace(stderr.String()))
	}
	var got struct {
		Name      string   `json:"name"`
		Addresses []string `json:"addresses"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		return fail("script %s printed %q, which is not what is expected (%w): %s", w.Script, short(stdout.String()), err, discoveryForm)
	}
	if got.Name != w.Name {
		return fail("script %s answered for %q: %s", w.Script, got.Name, discoveryForm)
	}
	return deploy.Addresses{Name: got.Name, Units: got.Addresses}, nil
}

func short(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// limited keeps the first left bytes and swallows the rest.
type limited struct {
	to   *bytes.Buffer
	left int
}

// Write never fails: what is over the limit is dropped.
func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.to.Write(p[:n])
	return len(p), nil
}
