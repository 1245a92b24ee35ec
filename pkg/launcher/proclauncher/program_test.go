//go:build linux

package proclauncher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The system says "no such file" of a program that is there when its interpreter is not: the sentence names the one that is missing.
func TestExplainMissingInterpreter(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o := &order{Dir: dir}
	for text, want := range map[string]string{
		"#!/no/such/perl -w\nprint": `its interpreter "/no/such/perl"`,
		"#! /no/such/env\tx\n":      "/no/such/env",
		"#!/no/such/sh\r\n":         `its interpreter "/no/such/sh"`,
	} {
		if got := explain(o, write("script", text), unix.ENOENT).Error(); !strings.Contains(got, want) || !strings.Contains(got, "no such file") {
			t.Errorf("%q: got %s", text, got)
		}
	}
	for _, text := range []string{"#!/bin/sh\n", "", "#!", "plain", "\x7fELF"} {
		if got := explain(o, write("script", text), unix.ENOENT).Error(); strings.Contains(got, "interpreter") {
			t.Errorf("%q: got %s", text, got)
		}
	}
	if got := interpreter("/bin/sleep"); got != "" && !strings.HasPrefix(got, "/") {
		t.Errorf("the loader of a program is %q", got)
	}
}
