package settings

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference anew")

const referenceHead = `# Configuration

This page is made from the option tables of the program: ` + "`go test ./cmd/reference/settings -update`" + ` writes it, and a test fails when it is
out of date. ` + "`muster config show --origin`" + ` prints every key, its value, and the file and line, variable or flag that set it.

## Precedence

The first of these that sets a key wins:

1. the key's flag
2. ` + "`--conf key=value`" + `
3. its environment variable; one that is set to nothing counts as set
4. the properties file: ` + "`--properties-file`" + `, otherwise ` + "`conf/muster-defaults.conf`" + ` if it exists (` + "`key value`" + ` or ` + "`key=value`" + `, one per line)
5. the configuration file: ` + "`--config`" + `, otherwise ` + "`conf/muster.yaml`" + ` if it exists (nested keys are joined by dots)
6. the default

` + "`spark.KEY`" + ` and ` + "`muster.KEY`" + ` mean KEY. An unknown key is an error that names a near one; ` + "`--lenient`" + ` makes it a warning. A ` + "`spark.`" + ` key that means
nothing here is a warning, and is passed on to drivers in a .jar only.

## Values

| kind | written as |
|---|---|
| memory | a number with k, m, g or t (powers of 1024); a bare number is MiB, and refused on the command line |
| duration | a number with ms, s, m, h or d; the unit is needed, but where the kind says otherwise |
| cores | a whole number from 1 |
| list | words between commas |
| selector | conditions on labels between commas, which all hold: ` + "`zone=eu`, `disk!=hdd`, `rack in (r1, r2)`, `rack notin (r3)`, `gpu exists`" + `; its flag may be given again |
| preferences | the same, each with a weight from 1 to 100 before a colon, at most three: ` + "`10:zone=eu, 1:disk=ssd`" + ` |

## Exit codes

| code | meaning |
|---|---|
| 0 | it did what was asked |
| 2 | bad usage or a bad configuration; nothing was begun |
| 4 | what was asked for does not exist |
| 125 | a failure of Muster's own: no master answers, a disk is full, a driver never ran |
| 130 | ` + "`submit`" + ` was interrupted while it waited for a driver on a worker; the driver goes on |
| other | of ` + "`submit`" + `: the driver's own code, 128+n if signal n ended it |
`

// reference is docs/configuration.md as the tables say it.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, g := range []struct {
		title, says string
		options     []Option
	}{
		{"Shared", "Of every command that talks to a cluster.", Shared()},
		{"Daemons and drivers", "Of `master`, `worker` and `submit`.", PeerOptions()},
		{"Master", "Of `muster master`.", MasterOptions()},
		{"Worker", "Of `muster worker`.", WorkerOptions()},
		{"Submit", "Of `muster submit`.", SubmitOptions()},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | kind | default | flag | environment | meaning |\n|---|---|---|---|---|---|\n", g.title, g.says)
		for i := range g.options {
			o := &g.options[i]
			key, kind, env := o.Key, o.Kind.String(), code(o.EnvName())
			if o.Pattern {
				key, kind, env = o.Key+"*", "pattern", ""
			}
			flagged := ""
			if o.Flag != "" {
				flagged = code("--" + o.Flag)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", code(key), kind, code(o.Default), flagged, env, strings.ReplaceAll(o.Help, "|", `\|`))
		}
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// TestConfigurationReference: the page says what the program does.
func TestConfigurationReference(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "configuration.md")
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: run go test ./cmd/reference/settings -update", path)
	}
}

// TestEveryOptionIsSound: defaults are values of their kind, names are taken once, and help says something.
func TestEveryOptionIsSound(t *testing.T) {
	table := All()
	s := Load(table)
	seen := map[string]string{}
	for i := range table.list {
		o := &table.list[i]
		if o.Help == "" {
			t.Errorf("%s: no help", o.Key)
		}
		if other := seen[o.EnvName()]; other != "" && !o.Pattern {
			t.Errorf("%s and %s are both %s", o.Key, other, o.EnvName())
		}
		seen[o.EnvName()] = o.Key
		if o.Pattern != strings.HasSuffix(o.Key, ".") {
			t.Errorf("%s: a pattern ends in a dot, and nothing else does", o.Key)
		}
		switch {
		case o.Pattern:
		case o.Kind == Memory:
			s.Memory(o.Key)
		case o.Kind == Duration, o.Kind == Seconds:
			s.Duration(o.Key)
		case o.Kind == Int:
			s.Int(o.Key, -1, 1<<31-1)
		case o.Kind == Bool:
			s.Bool(o.Key)
		case o.Kind == Cores:
			s.Cores(o.Key)
		case o.Kind == Selector:
			s.Selector(o.Key)
		case o.Kind == Preferences:
			s.Preferences(o.Key)
		}
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}
