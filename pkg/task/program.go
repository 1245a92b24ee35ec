package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Program is a set of functions by name. Driver and executors of an application run the same one.
type Program struct {
	name   string
	funcs  map[string]call
	faults []error
}

// call is a function over encoded values.
type call func(ctx context.Context, input []byte) (output []byte, err error)

// NewProgram makes an empty program. Its name is the application's unless the configuration says another.
func NewProgram(name string) *Program { return &Program{name: name, funcs: map[string]call{}} }

// Func is a function of a program: what Map and Call run on executors.
type Func[In, Out any] struct {
	name   string
	input  codec[In]
	output codec[Out]
}

// Name is what the function was defined as.
func (f Func[In, Out]) Name() string { return f.name }

// Define gives the program a function. It is called in every process of the application, before Main, and always with the same names.
// Inputs and outputs travel as bytes: []byte and string as they are, types with MarshalBinary and UnmarshalBinary by these, all others as JSON.
// FromContext tells a running function about its attempt.
func Define[In, Out any](p *Program, name string, f func(ctx context.Context, in In) (Out, error)) Func[In, Out] {
	if err := deploy.CheckID("function name", name); err != nil {
		p.faults = append(p.faults, err)
	}
	if p.funcs[name] != nil {
		p.faults = append(p.faults, fmt.Errorf("function %q is defined twice: %w: give each its own name", name, deploy.ErrInvalid))
	}
	fn := Func[In, Out]{name: name, input: codecOf[In](), output: codecOf[Out]()}
	p.funcs[name] = func(ctx context.Context, input []byte) ([]byte, error) {
		in, err := fn.input.decode(input)
		if err != nil {
			return nil, fmt.Errorf("input of function %q: %w", name, err)
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		output, err := fn.output.encode(out)
		if err != nil {
			return nil, fmt.Errorf("output of function %q: %w", name, err)
		}
		return output, nil
	}
	return fn
}

// Validate reports what Define could not say.
func (p *Program) Validate() error {
	err := errors.Join(p.faults...)
	if titleErr := deploy.CheckTitle("program name", p.name, maxNameBytes); titleErr != nil {
		err = errors.Join(err, titleErr)
	}
	return err
}

const maxNameBytes = 200
