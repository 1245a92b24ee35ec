package webui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// Questions are what a master answers besides its rows, such as the methods of master.Master.
type Questions struct {
	Explain func(context.Context, deploy.Explain) (deploy.Explanation, error)
	Plan    func(context.Context, deploy.Plan) (deploy.Outlook, error)
}

// why answers ?profile=&workers=&after=&history=: why an application or a driver waits.
func (m *masterPages) why(w http.ResponseWriter, r *http.Request) {
	f := form{values: r.URL.Query()}
	f.known("profile", "workers", "after", "history")
	q := deploy.Explain{
		ID: r.PathValue("id"), Profile: f.number("profile", deploy.FirstWaiting, 0), Workers: f.number("workers", 0, 0),
		After: deploy.WorkerID(f.values.Get("after")), History: f.flag("history"),
	}
	if f.err != nil {
		m.fail(w, http.StatusBadRequest, f.err)
		return
	}
	answer, err := m.ask.Explain(r.Context(), q)
	m.answer(w, answer, err)
}

// plan answers whether executors, or with driver=true a driver, would fit.
func (m *masterPages) plan(w http.ResponseWriter, r *http.Request) {
	ask, err := planOf(r.URL.Query())
	if err != nil {
		m.fail(w, http.StatusBadRequest, err)
		return
	}
	answer, err := m.ask.Plan(r.Context(), ask)
	m.answer(w, answer, err)
}

func (m *masterPages) answer(w http.ResponseWriter, v any, err error) {
	if err == nil {
		m.json(w, http.StatusOK, v)
		return
	}
	code := http.StatusInternalServerError
	for _, k := range []struct {
		kind error
		code int
	}{
		{deploy.ErrInvalid, http.StatusBadRequest}, {deploy.ErrNotFound, http.StatusNotFound}, {deploy.ErrNotLeader, http.StatusServiceUnavailable},
		{deploy.ErrRecovering, http.StatusServiceUnavailable}, {deploy.ErrUnavailable, http.StatusServiceUnavailable},
	} {
		if errors.Is(err, k.kind) {
			code = k.code
		}
	}
	m.fail(w, code, err)
}

func planOf(values url.Values) (deploy.Plan, error) {
	f := form{values: values}
	f.known("driver", "cores", "memory", "resource", "executors", "coresMax", "gang", "queue", "priority", "require", "prefer", "apart", "maxPerWorker")
	place := deploy.Placement{
		Queue: values.Get("queue"), Priority: f.number("priority", 0, math.MinInt32), Require: parsed(&f, "require", deploy.ParseSelector),
		Prefer: parsed(&f, "prefer", deploy.ParsePreferences), Apart: values.Get("apart"), MaxPerWorker: f.number("maxPerWorker", 0, 0),
	}
	need := deploy.Resources{Cores: f.number("cores", 0, 0), MemoryMiB: 1024, Custom: f.resources()}
	if values.Has("memory") {
		need.MemoryMiB = parsed(&f, "memory", deploy.ParseMemory)
	}
	if f.flag("driver") {
		need.Cores = max(1, need.Cores)
		return deploy.Plan{Driver: &deploy.DriverSpec{Need: need, Place: place}}, f.err
	}
	app := &deploy.AppSpec{CoresMax: f.number("coresMax", 0, 0), Place: place}
	app.Profiles = []deploy.Profile{{Cores: need.Cores, MemoryMiB: need.MemoryMiB, Custom: need.Custom, Gang: f.flag("gang")}}
	if values.Has("executors") {
		app.Targets = []deploy.Target{{Total: f.number("executors", 0, 0)}}
	}
	return deploy.Plan{App: app}, f.err
}

// form reads parameters and keeps the first fault.
type form struct {
	values url.Values
	err    error
}

func (f *form) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// known refuses parameters of other names, so that none is thought to have been heard.
func (f *form) known(names ...string) {
	for name := range f.values {
		if !slices.Contains(names, name) {
			f.fail(fmt.Errorf("parameter %q: %w: there are %s", name, deploy.ErrInvalid, strings.Join(names, ", ")))
		}
	}
}

func (f *form) number(name string, absent, least int32) int32 {
	text := f.values.Get(name)
	if text == "" {
		return absent
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < int64(least) {
		f.fail(fmt.Errorf("%s=%q: give a whole number from %d: %w", name, text, least, deploy.ErrInvalid))
	}
	return int32(n)
}

func (f *form) flag(name string) bool {
	switch text := f.values.Get(name); text {
	case "", "false", "0":
	case "true", "1":
		return true
	default:
		f.fail(fmt.Errorf("%s=%q: give true or false: %w", name, text, deploy.ErrInvalid))
	}
	return false
}

// resources reads resource=gpu=1, which may stand there again.
func (f *form) resources() (list []deploy.Amount) {
	for _, text := range f.values["resource"] {
		name, amount, _ := strings.Cut(text, "=")
		n, err := strconv.ParseInt(amount, 10, 32)
		if err != nil || name == "" {
			f.fail(fmt.Errorf("resource=%q: write NAME=AMOUNT, as in gpu=1: %w", text, deploy.ErrInvalid))
		}
		list = append(list, deploy.Amount{Name: name, Count: int32(n)})
	}
	slices.SortFunc(list, func(a, b deploy.Amount) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func parsed[T any](f *form, name string, parse func(string) (T, error)) (value T) {
	text := f.values.Get(name)
	if text == "" {
		return value
	}
	value, err := parse(text)
	if err != nil {
		f.fail(fmt.Errorf("%s=%q: %w", name, text, err))
	}
	return value
}
