package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/magiconair/properties"
	"go.yaml.in/yaml/v3"
)

// ErrConfig is wrapped by every fault of the configuration.
var ErrConfig = errors.New("configuration")

// Value is one setting and where it was set.
type Value struct {
	Text   string
	Origin string // such as flag --port, env MUSTER_PORT, conf/muster.yaml:3, default
}

// Layer is one source of settings: keys as written there.
type Layer struct {
	Name   string
	Values map[string]Value
}

// Pairs makes a layer of key=value words, as --conf gives them.
func Pairs(name string, words []string) (Layer, error) {
	l := Layer{Name: name, Values: map[string]Value{}}
	var errs []error
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			errs = append(errs, fmt.Errorf("%w: %s %q: write it as key=value", ErrConfig, name, w))
			continue
		}
		l.Values[key] = Value{Text: value, Origin: name + " " + key}
	}
	return l, errors.Join(errs...)
}

// Environment makes a layer of the variables that stand for options of t.
func Environment(t *Table, lookup func(string) (string, bool)) Layer {
	l := Layer{Name: "env", Values: map[string]Value{}}
	for i := range t.list {
		o := &t.list[i]
		if o.Pattern {
			continue
		}
		if v, ok := lookup(o.EnvName()); ok {
			l.Values[o.Key] = Value{Text: v, Origin: "env " + o.EnvName()}
		}
	}
	return l
}

// Properties reads a file in the peer's form. A missing file is an error only if it was asked for.
func Properties(path string, asked bool) (Layer, error) {
	l := Layer{Name: path, Values: map[string]Value{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("%w: properties file: %w", ErrConfig, err)
	}
	p, err := (&properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}).LoadBytes(b)
	if err != nil {
		return l, fmt.Errorf("%w: properties file %s: %w", ErrConfig, path, err)
	}
	lines := strings.Split(string(b), "\n")
	for _, key := range p.Keys() {
		v, _ := p.Get(key)
		l.Values[key] = Value{Text: strings.TrimSpace(v), Origin: fmt.Sprintf("%s:%d", path, lineOf(lines, key))}
	}
	return l, nil
}

// lineOf finds the last line that sets key, from 1.
func lineOf(lines []string, key string) int {
	found := 0
	for i, line := range lines {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), key)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], " \t=:")) {
			found = i + 1
		}
	}
	return found
}

// YAML reads a configuration file: nested keys are joined by dots, lists by commas.
func YAML(path string, asked bool) (Layer, error) {
	l := Layer{Name: path, Values: map[string]Value{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("%w: configuration file: %w", ErrConfig, err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return l, fmt.Errorf("%w: configuration file %s: %w", ErrConfig, path, err)
	}
	if len(root.Content) == 0 {
		return l, nil
	}
	return l, l.flatten(path, "", root.Content[0])
}

func (l Layer) flatten(path, prefix string, n *yaml.Node) error {
	at := fmt.Sprintf("%s:%d", path, n.Line)
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := l.flatten(path, join(prefix, n.Content[i].Value), n.Content[i+1]); err != nil {
				return err
			}
		}
		return nil
	case yaml.SequenceNode:
		words := make([]string, len(n.Content))
		for i, c := range n.Content {
			if c.Kind != yaml.ScalarNode {
				return fmt.Errorf("%w: %s: %s: a list may hold plain values only", ErrConfig, at, prefix)
			}
			words[i] = c.Value
		}
		return l.put(prefix, Value{Text: strings.Join(words, ","), Origin: at})
	case yaml.ScalarNode:
		return l.put(prefix, Value{Text: n.Value, Origin: at})
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return fmt.Errorf("%w: %s: %s: aliases and documents inside are not supported", ErrConfig, at, prefix)
}

func (l Layer) put(key string, v Value) error {
	if key == "" {
		return fmt.Errorf("%w: %s: the file must be a mapping of keys to values", ErrConfig, v.Origin)
	}
	if old, ok := l.Values[key]; ok {
		return fmt.Errorf("%w: %s: %s is set already at %s: keep one", ErrConfig, v.Origin, key, old.Origin)
	}
	l.Values[key] = v
	return nil
}

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}
