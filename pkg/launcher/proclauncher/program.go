//go:build linux

package proclauncher

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
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
	if by := interpreter(path); by != "" && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES)) {
		var st unix.Stat_t
		if fault := unix.Stat(by, &st); fault != nil {
			return fmt.Errorf("start %q in %s: its interpreter %q: %w", path, o.Dir, by, fault)
		}
	}
	as := ""
	if o.User != "" {
		as = " as " + o.User
	}
	return fmt.Errorf("start %q in %s%s: %w", path, o.Dir, as, err)
}

// interpreter gives what the system would run a program with: the first word after #!, or the loader of an ELF file; "" if there is none.
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 256) // the kernel reads no further
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	if line, ok := strings.CutPrefix(string(head[:n]), "#!"); ok {
		line, _, _ = strings.Cut(line, "\n")
		word, _, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
		return strings.TrimRight(word, "\t\r")
	}
	program, err := elf.NewFile(f)
	if err != nil {
		return ""
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			loader, err := io.ReadAll(p.Open())
			if err == nil {
				return strings.TrimRight(string(loader), "\x00")
			}
		}
	}
	return ""
}
