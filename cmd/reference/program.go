package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// program is what is to be run: the file to bring along and the command line around it.
type program struct {
	file        string   // absolute path of the program itself
	interpreter string   // empty: the file is executed
	before      []string // arguments between interpreter and file
	after       []string // arguments between file and the program's own
	title       string
	jvm         bool
}

// resolve says how a program is run: a jar by java, a .py file by python3, anything else by itself.
func resolve(path, class string) (program, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return program{}, fmt.Errorf("program %q: %w", path, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return program{}, fmt.Errorf("program %q cannot be read: %w; give the path of a file that exists here", path, err)
	}
	if !info.Mode().IsRegular() {
		return program{}, fmt.Errorf("program %q is not a file: %w", path, deploy.ErrInvalid)
	}
	p := program{file: abs, title: filepath.Base(abs)}
	if err := deploy.CheckName("program", p.title, 200); err != nil {
		return p, err
	}
	switch strings.ToLower(filepath.Ext(abs)) {
	case ".jar":
		if class == "" {
			return p, fmt.Errorf("program %q is a jar: name its main class with --class: %w", path, deploy.ErrInvalid)
		}
		p.interpreter, p.before, p.after, p.jvm, p.title = "java", []string{"-cp"}, []string{class}, true, class
	case ".py":
		p.interpreter = "python3"
	default:
		if info.Mode().Perm()&0o111 == 0 {
			return p, fmt.Errorf("program %q is not executable: chmod +x it, or give a .jar or a .py file: %w", path, os.ErrPermission)
		}
	}
	return p, nil
}

// command is the command line with the program found at file.
func (p program) command(file string, jvmOptions, own []string) (name string, args []string) {
	if p.interpreter == "" {
		return file, own
	}
	if p.jvm {
		args = append(args, jvmOptions...)
	}
	args = append(args, p.before...)
	args = append(args, file)
	args = append(args, p.after...)
	return p.interpreter, append(args, own...)
}

// jvmOptions passes the peer's own settings on to drivers that can read them.
func (s *submission) jvmOptions() []string {
	var out []string
	foreign := s.set.Foreign()
	for _, key := range sortedStrings(foreign) {
		out = append(out, "-D"+key+"="+foreign[key].Text)
	}
	return out
}
