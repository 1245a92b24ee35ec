package task_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/task"
)

func local(t *testing.T, url string, p *task.Program, drive func(ctx context.Context, s *task.Session) error) error {
	t.Helper()
	cfg := task.DefaultConfig()
	cfg.Master = url
	return task.Run(t.Context(), p, cfg, drive)
}

func TestMapLocal(t *testing.T) {
	p := task.NewProgram("squares")
	square := task.Define(p, "square", func(_ context.Context, n int) (int, error) { return n * n, nil })
	err := local(t, "local[4]", p, func(ctx context.Context, s *task.Session) error {
		got := make([]int, 10_000)
		n := 0
		for r, err := range task.Map(ctx, s, square, func(yield func(int) bool) {
			for i := range got {
				if !yield(i) {
					return
				}
			}
		}) {
			if err != nil {
				return err
			}
			got[r.Index] = r.Value
			n++
		}
		if n != len(got) {
			t.Errorf("%d results", n)
		}
		for i, v := range got {
			if v != i*i {
				t.Fatalf("%d is %d", i, v)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFailure(t *testing.T) {
	p := task.NewProgram("failures")
	bad := task.Define(p, "bad", func(_ context.Context, n int) (int, error) {
		if n == 3 {
			return 0, errors.New("three is bad")
		}
		return n, nil
	})
	for url, attempts := range map[string]int{"local[2]": 1, "local[2,3]": 3} {
		err := local(t, url, p, func(ctx context.Context, s *task.Session) error {
			for _, err := range task.Map(ctx, s, bad, slices.Values([]int{1, 2, 3, 4})) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		var f *task.Failure
		if !errors.Is(err, task.ErrTaskFailed) || !errors.As(err, &f) || f.Index != 2 || f.Attempts != attempts || f.Text != "three is bad" {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestPanicIsAFailureWithItsStack(t *testing.T) {
	p := task.NewProgram("panics")
	boom := task.Define(p, "boom", func(context.Context, string) (string, error) { panic("boom here") })
	err := local(t, "local", p, func(ctx context.Context, s *task.Session) error {
		_, err := task.Call(ctx, s, boom, "x")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "panic: boom here") || !strings.Contains(err.Error(), "task_test.go") {
		t.Errorf("%v", err)
	}
}

func ExampleMap() {
	p := task.NewProgram("greet")
	greet := task.Define(p, "greet", func(_ context.Context, name string) (string, error) { return "hello " + name, nil })
	cfg := task.DefaultConfig()
	cfg.Master = "local[2]"
	err := task.Run(context.Background(), p, cfg, func(ctx context.Context, s *task.Session) error {
		names := []string{"Ada", "Grace"}
		greetings := make([]string, len(names))
		for r, err := range task.Map(ctx, s, greet, slices.Values(names)) {
			if err != nil {
				return err
			}
			greetings[r.Index] = r.Value // results come as they are done
		}
		fmt.Println(strings.Join(greetings, ", "))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello Ada, hello Grace
}
