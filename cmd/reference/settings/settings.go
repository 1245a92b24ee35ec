package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Settings are the values in force and everything they hide. Getters collect faults; ask Err once at the end.
type Settings struct {
	table    *Table
	layers   []Layer
	values   map[string][]Value // strongest first
	foreign  map[string]Value   // the peer's keys that mean nothing here
	warnings []string
	errs     []error
}

// Load joins layers, strongest first. Unknown keys are faults; the peer's unknown keys are kept aside for JVM drivers, with one warning each.
func Load(t *Table, layers ...Layer) *Settings {
	s := &Settings{table: t, layers: layers, values: map[string][]Value{}, foreign: map[string]Value{}}
	for _, l := range layers {
		for _, key := range sortedKeys(l.Values) {
			s.add(key, l.Values[key])
		}
	}
	for i := range t.list {
		o := &t.list[i]
		if !o.Pattern {
			s.values[o.Key] = append(s.values[o.Key], Value{Text: o.Default, Origin: "default"})
		}
	}
	return s
}

func (s *Settings) add(key string, v Value) {
	name, peers := canonical(key)
	if _, ok := s.table.find(name); ok {
		s.values[name] = append(s.values[name], v)
		return
	}
	if peers {
		if _, told := s.foreign[key]; !told {
			s.foreign[key] = v
			s.warnings = append(s.warnings, fmt.Sprintf("%s (%s) has no meaning here; it is passed on to JVM drivers only", key, v.Origin))
		}
		return
	}
	hint := "see `muster config show` for the keys"
	if near, ok := deploy.Suggest(name, s.table.keys()); ok {
		hint = "did you mean " + near + "?"
	}
	s.errs = append(s.errs, fmt.Errorf("%w: %s: unknown key %q: %s", ErrConfig, v.Origin, key, hint))
}

// Foreign gives the peer's keys that mean nothing here.
func (s *Settings) Foreign() map[string]Value { return s.foreign }

// Warnings are to be shown once.
func (s *Settings) Warnings() []string { return s.warnings }

// Err gives all faults found so far.
func (s *Settings) Err() error { return errors.Join(s.errs...) }

// Get gives the value in force. An undeclared key is a fault of the program.
func (s *Settings) Get(key string) Value {
	if all := s.values[key]; len(all) > 0 {
		return all[0]
	}
	if _, ok := s.table.find(key); !ok {
		s.errs = append(s.errs, fmt.Errorf("%w: the program asks for %q, which no option declares", ErrConfig, key))
	}
	return Value{Origin: "default"}
}

// Values gives all values in force, by key.
func (s *Settings) Values() map[string]Value {
	out := make(map[string]Value, len(s.values))
	for key, all := range s.values {
		out[key] = all[0]
	}
	return out
}

// Set tells whether the key was set anywhere.
func (s *Settings) Set(key string) bool { return s.Get(key).Origin != "default" }

// Below gives the values in force of all keys under prefix, without it.
func (s *Settings) Below(prefix string) map[string]string {
	out := map[string]string{}
	for key, all := range s.values {
		if rest, ok := strings.CutPrefix(key, prefix); ok && rest != "" {
			out[rest] = all[0].Text
		}
	}
	return out
}

func parsed[T any](s *Settings, key string, parse func(string) (T, error)) T {
	v := s.Get(key)
	if v.Text == "" {
		var zero T
		return zero
	}
	got, err := parse(v.Text)
	if err != nil {
		s.fault(fmt.Errorf("%w: %s (%s): %w", ErrConfig, key, v.Origin, err))
	}
	return got
}

// fault notes a fault, once however often its key is read.
func (s *Settings) fault(err error) {
	if !slices.ContainsFunc(s.errs, func(known error) bool { return known.Error() == err.Error() }) {
		s.errs = append(s.errs, err)
	}
}

// Text gives the value as written.
func (s *Settings) Text(key string) string { return s.Get(key).Text }

// Memory gives MiB; 0 if empty.
func (s *Settings) Memory(key string) int64 { return parsed(s, key, deploy.ParseMemory) }

// Cores gives a positive count; 0 if empty.
func (s *Settings) Cores(key string) int32 { return parsed(s, key, deploy.ParseCores) }

// Duration gives a time, read as the option's kind says.
func (s *Settings) Duration(key string) time.Duration {
	if o, ok := s.table.find(key); ok && o.Kind == Seconds {
		return parsed(s, key, deploy.ParseSeconds)
	}
	return parsed(s, key, deploy.ParseDuration)
}

// Int gives an integer between low and high.
func (s *Settings) Int(key string, low, high int64) int64 {
	return parsed(s, key, func(text string) (int64, error) {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("%q is not a whole number from %d to %d: %w", text, low, high, deploy.ErrInvalid)
		}
		return n, nil
	})
}

// Limit gives a count of 1 or more; deploy.NoLimit if empty or written as "unlimited".
func (s *Settings) Limit(key string) int32 {
	if t := s.Text(key); t == "" || t == "unlimited" {
		return deploy.NoLimit
	}
	return int32(s.Int(key, 1, int64(deploy.NoLimit)))
}

// Bool gives true or false.
func (s *Settings) Bool(key string) bool {
	return parsed(s, key, func(text string) (bool, error) {
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "yes", "on", "1":
			return true, nil
		case "false", "no", "off", "0":
			return false, nil
		}
		return false, fmt.Errorf("%q is neither true nor false: %w", text, deploy.ErrInvalid)
	})
}

// List gives the words between commas.
func (s *Settings) List(key string) []string {
	var out []string
	for w := range strings.SplitSeq(s.Text(key), ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// Selector gives conditions on labels that hold together; a key set twice by flags has both.
func (s *Settings) Selector(key string) []deploy.Requirement {
	return parsed(s, key, deploy.ParseSelector)
}

// Preferences gives weighted conditions on labels.
func (s *Settings) Preferences(key string) []deploy.Preference {
	return parsed(s, key, deploy.ParsePreferences)
}

// Queue gives the path of a queue; empty is the cluster's default.
func (s *Settings) Queue(key string) string {
	return parsed(s, key, func(text string) (string, error) { return text, deploy.CheckQueuePath("queue", text) })
}

// Row is one setting with its origin and what it hides.
type Row struct {
	Key    string   `json:"key"`
	Value  string   `json:"value"`
	Origin string   `json:"origin"`
	Hides  []string `json:"hides,omitempty"`
}

// Rows gives every setting in force, by key; secrets are redacted.
func (s *Settings) Rows() []Row {
	var rows []Row
	for _, key := range sortedKeys(s.values) {
		all := s.values[key]
		o, _ := s.table.find(key)
		show := func(v Value) string {
			if v.Text != "" && (o.Secret || secretKey(key)) {
				return "[redacted]"
			}
			return v.Text
		}
		r := Row{Key: key, Value: show(all[0]), Origin: all[0].Origin}
		for _, v := range all[1:] {
			r.Hides = append(r.Hides, v.Origin+"="+show(v))
		}
		rows = append(rows, r)
	}
	return rows
}

func secretKey(key string) bool {
	key = strings.ToLower(key)
	return strings.Contains(key, "secret") || strings.Contains(key, "password") || strings.Contains(key, "token")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Forgive drops the faults found so far: they have been shown as warnings.
func (s *Settings) Forgive() { s.errs = nil }
