package proclauncher

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

const (
	maxFileName   = 255      // bytes, as file systems have it
	maxOutputName = 200      // leaves room for the offset in the name of a rolled file
	maxSpecBytes  = 64 << 20 // far above what an exec takes
)

// checkSpec refuses what can never be started. The rest is the operating system's to refuse, as StartFailed.
func checkSpec(s *launcher.Spec, isolation []string) error {
	c := specCheck{names: map[string]string{}}
	c.add(s.Launch.IsZero(), "Launch: it is zero; give the id of the order")
	if s.Owner != "" {
		c.err(deploy.CheckTitle("Owner", s.Owner, 500))
	}
	c.dir(s.Dir)
	c.add(s.Program == "", "Program: it is empty; name a file of Files, a path, or a word to look up in PATH")
	c.env(s.Env)
	for _, f := range s.Files {
		c.add(!filepath.IsAbs(f.Source), "Files %q: Source %q is not absolute; give the whole path", f.Name, f.Source)
		c.name("Files", f.Name, maxFileName)
	}
	for _, f := range s.Secrets {
		c.name("Secrets", f.Name, maxFileName)
	}
	c.outputs(&s.Outputs)
	if s.User != "" {
		c.err(deploy.CheckName("User", s.User, maxFileName))
	}
	c.add(s.Limits.Cores < 0 || s.Limits.MemoryMiB < 0 || s.Limits.PIDs < 0, "Limits %+v: a limit is negative; 0 is no limit", s.Limits)
	c.add(s.Grace < 0, "Grace %v: it is negative; 0 is the launcher's default, and Stop can ask for none", s.Grace)
	c.add(s.OrphanGrace < 0, "OrphanGrace %v: it is negative; 0 ends the process with its worker", s.OrphanGrace)
	c.isolation(s.Isolation.Required, isolation)
	c.add(specBytes(s) > maxSpecBytes, "Args, Env and Secrets: %d bytes together, %d is the most; pass the content in a file", specBytes(s), maxSpecBytes)
	if c.faults == nil {
		return nil
	}
	return fmt.Errorf("launch %s: %w: %w", s.Launch, launcher.ErrBadSpec, errors.Join(c.faults...))
}

type specCheck struct {
	faults []error
	names  map[string]string // what is placed into Dir, and the field that says so
}

func (c *specCheck) err(err error) {
	if err != nil {
		c.faults = append(c.faults, err)
	}
}

func (c *specCheck) add(bad bool, format string, args ...any) {
	if bad {
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

func (c *specCheck) dir(dir string) {
	switch {
	case !filepath.IsAbs(dir):
		c.add(true, "Dir %q: it is not absolute; give the whole path of the working directory", dir)
	case filepath.Clean(dir) != dir || dir == "/":
		c.add(true, "Dir %q: give the path of a directory of the process's own, without '.', '..' and doubled or trailing slashes", dir)
	}
}

func (c *specCheck) env(list []deploy.EnvVar) {
	seen := make(map[string]bool, len(list))
	for _, v := range list {
		c.err(deploy.CheckEnvKey("Env", v.Name))
		c.add(seen[v.Name], "Env %q: it stands twice; keep one", v.Name)
		c.add(v.Name == launcher.NonceEnv, "Env %q: the launcher sets it; leave it out", v.Name)
		seen[v.Name] = true
	}
}

// name checks a name of something placed into Dir; two things cannot share one.
func (c *specCheck) name(field, name string, longest int) {
	c.err(deploy.CheckName(field, name, longest))
	if other := c.names[name]; other != "" {
		c.add(true, "%s %q: %s has the same name; rename one", field, name, other)
	}
	c.names[name] = field
}

func (c *specCheck) outputs(o *launcher.Outputs) {
	if o.Stdout != "" {
		c.name("Outputs.Stdout", o.Stdout, maxOutputName)
	}
	if o.Stderr != "" && o.Stderr != o.Stdout {
		c.name("Outputs.Stderr", o.Stderr, maxOutputName)
	}
	switch o.Rolling.By {
	case launcher.RollNever:
	case launcher.RollBySize:
		c.add(o.Rolling.MaxBytes <= 0, "Rolling.MaxBytes %d: rolling by size needs a positive size", o.Rolling.MaxBytes)
	case launcher.RollByTime:
		c.add(o.Rolling.Every <= 0, "Rolling.Every %v: rolling by time needs a positive time", o.Rolling.Every)
	default:
		c.add(true, "Rolling.By %d: RollNever, RollBySize or RollByTime", o.Rolling.By)
	}
}

func (c *specCheck) isolation(required string, given []string) {
	for _, kind := range given {
		if required == kind || required == "" {
			return
		}
	}
	c.add(true, "Isolation.Required %q: this launcher gives %s; ask for one of these, or put it into Want", required, strings.Join(given, " and "))
}

func specBytes(s *launcher.Spec) int {
	n := len(s.Program) + len(s.Dir)
	for _, a := range s.Args {
		n += len(a)
	}
	for _, v := range s.Env {
		n += len(v.Name) + len(v.Value)
	}
	for _, c := range s.Secrets {
		n += len(c.Value.Reveal())
	}
	return n
}
