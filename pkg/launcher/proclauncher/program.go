//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// resolve finds what to execute: a file of the spec, a path (from the working directory if relative), or a word in the PATH of the child.
func resolve(o *order) (string, error) {
	for _, f := range o.Files {
		if f.Name == o.Program {
			return filepath.Join(o.Dir, f.Name), nil
		}
	}
	if strings.Contains(o.Program, "/") {
		return o.Program, nil
	}
	path := ""
	for _, v := range o.Env {
		if v.Name == "PATH" {
			path = v.Value
		}
	}
	for dir := range strings.SplitSeq(path, ":") {
		if !filepath.IsAbs(dir) {
			continue // the working directory is the process's own to write: nothing is taken from there by accident
		}
		file := filepath.Join(dir, o.Program)
		var st unix.Stat_t
		if unix.Stat(file, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(file, unix.X_OK) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in PATH=%s", o.Program, path)
}

// environment is the spec's and the nonce.
func environment(o *order, nonceVar string) []string {
	env := make([]string, 0, len(o.Env)+1)
	for _, v := range o.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return append(env, nonceVar)
}

// explain says what the operating system had against a start; it gives one word for many reasons.
func explain(o *order, path string, err error) error {
	if errors.Is(err, unix.EINVAL) {
		for i, a := range o.Args {
			if strings.ContainsRune(a, 0) {
				return fmt.Errorf("start %s: argument %d has a NUL byte: %w", o.Program, i+1, err)
			}
		}
		for _, v := range o.Env {
			if strings.ContainsRune(v.Value, 0) {
				return fmt.Errorf("start %s: the environment variable %s has a NUL byte: %w", o.Program, v.Name, err)
			}
		}
	}
	as := ""
	if o.User != "" {
		as = " as " + o.User
	}
	return fmt.Errorf("start %q in %s%s: %w", path, o.Dir, as, err)
}
