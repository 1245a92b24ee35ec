package recovery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// Factory opens one recovery mode.
type Factory func(ctx context.Context) (*Mode, error)

// Factories are the recovery modes that a program knows, by name.
type Factories map[string]Factory

// Open opens the mode called name. There is no default: a mode that nobody knows is ErrUnknownMode, never NONE.
func Open(ctx context.Context, name string, known Factories) (*Mode, error) {
	factory := known[name]
	if factory == nil {
		names := slices.Sorted(maps.Keys(known))
		hint := ""
		if meant, ok := deploy.Suggest(name, names); ok {
			hint = ", did you mean " + meant + "?"
		}
		return nil, fmt.Errorf("%w %q%s; it is one of %s", ErrUnknownMode, name, hint, strings.Join(names, ", "))
	}
	mode, err := factory(ctx)
	if err != nil {
		return nil, fmt.Errorf("open recovery mode %s: %w", name, err)
	}
	return mode, nil
}
