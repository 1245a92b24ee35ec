package settings

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/musterproject/muster/pkg/deploy"
)

// AddFlags declares a flag for every option of t that has one.
func AddFlags(f *pflag.FlagSet, t *Table) {
	for i := range t.list {
		o := &t.list[i]
		if o.Flag == "" || f.Lookup(o.Flag) != nil {
			continue
		}
		help := o.Help
		if o.Default != "" && o.Kind != Bool {
			help += fmt.Sprintf(" (default %s)", o.Default)
		}
		if o.Kind == Selector || o.Kind == Preferences {
			f.Var(new(joined), o.Flag, help)
			continue
		}
		f.String(o.Flag, "", help)
		if o.Kind == Bool {
			f.Lookup(o.Flag).NoOptDefVal = "true"
		}
	}
}

// joined is a flag that may be given again and again: all of its values hold.
type joined string

// String gives the values between commas.
func (j *joined) String() string { return string(*j) }

// Type names the value for help.
func (j *joined) Type() string { return "string" }

// Set adds a value.
func (j *joined) Set(text string) error {
	if *j != "" {
		*j += ", "
	}
	*j += joined(text)
	return nil
}

// Flags makes a layer of the flags that were given. On a command line a size without a unit is refused: it is too easily meant otherwise.
func Flags(f *pflag.FlagSet, t *Table) (Layer, error) {
	l := Layer{Name: "flag", Values: map[string]Value{}}
	var errs []error
	f.Visit(func(g *pflag.Flag) {
		for i := range t.list {
			o := &t.list[i]
			if o.Flag != g.Name {
				continue
			}
			if o.Kind == Memory {
				if _, err := deploy.ParseMemoryFlag(g.Value.String()); err != nil {
					errs = append(errs, fmt.Errorf("%w: flag --%s: %w", ErrConfig, g.Name, err))
				}
			}
			l.Values[o.Key] = Value{Text: g.Value.String(), Origin: "flag --" + g.Name}
		}
	})
	if len(errs) > 0 {
		return l, errs[0]
	}
	return l, nil
}
