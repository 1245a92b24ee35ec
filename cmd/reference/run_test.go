package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// muster runs one command line as main does, in an empty folder and without the settings of whoever runs the tests.
func muster(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("MUSTER_MASTER", "")
	return musterHere(t, args...)
}

func musterHere(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, stdio{in: strings.NewReader(""), out: &o, err: &e})
	return code, o.String(), e.String()
}

// TestBadUsage: what cannot be meant ends with 2, touches nothing, and names a way out.
func TestBadUsage(t *testing.T) {
	for _, tt := range []struct {
		line string
		says []string
	}{
		{"sumbit", []string{"unknown command", "did you mean submit?", "muster --help"}},
		{"config shwo", []string{"unknown command", "muster config --help"}},
		{"get workers --mastr x", []string{"did you mean --master?", "muster get --help"}},
		{"get workers", []string{"no master is named", "--master", "MUSTER_MASTER"}},
		{"get wrokers --master muster://h:1", []string{"did you mean workers?"}},
		{"get", []string{"muster get --help"}},
		{"get workers --master local[2]", []string{"runs inside a program", "muster://HOST:7077"}},
		{"get workers --master muster://", []string{"flag --master"}},
		{"get workers -o xml --master muster://h:1", []string{"table, json, yaml, name"}},
		{"logs app-1/0 --tail-bytes -3 --master muster://h:1", []string{"--tail-bytes -3", "from 1"}},
		{"target app-1 lots --master muster://h:1", []string{"lots", "unlimited"}},
		{"kill --master muster://h:1", []string{"muster kill --help"}},
		{"demo --workers 0", []string{"--workers 0", "1 to 64"}},
		{"demo /does/not/exist", []string{"/does/not/exist"}},
		{"version extra", []string{"muster version --help"}},
		{"config show --conf worker.coers=1", []string{"worker.coers", "did you mean worker.cores?"}},
		{"config show --config nowhere.yaml", []string{"nowhere.yaml"}},
		{"submit", []string{"no program is named"}},
		{"submit ./nothing", []string{"./nothing", "exists here"}},
		{"submit --packages a:b:1 ./p", []string{"--packages is not supported", "--jars"}},
		{"submit --executor-memory 512 ./p", []string{"--executor-memory"}},
		{"submit --conf executor.resource.gpu=1 /bin/true", []string{"executor.resource.gpu", "NAME.amount"}},
		{"submit --conf executorEnv.A/B=1 /bin/true", []string{"executorEnv.A/B"}},
		{"submit --deploy-mode clutser /bin/true", []string{"clutser", "client nor cluster"}},
		{"submit --files /does/not/exist /bin/true", []string{"/does/not/exist"}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			code, out, talk := muster(t, strings.Fields(tt.line)...)
			if code != exitUsage || out != "" {
				t.Errorf("ended with %d, printed %q", code, out)
			}
			for _, want := range append(tt.says, "--help`") {
				if !strings.Contains(talk, want) {
					t.Errorf("not told %q:\n%s", want, talk)
				}
			}
		})
	}
}

// TestDaemonsRefuseBadSettings: with 2, every fault at once, and before a port is taken: the port named is one that is taken already.
func TestDaemonsRefuseBadSettings(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		line string
		says []string
	}{
		{"master --policy fare", []string{"scheduler.policy (flag --policy)", "fare", "did you mean fair?"}},
		{"master --conf scheduler.queue.prod.weight=0 --conf scheduler.queue.a/b.weight=1", []string{"scheduler.queue.prod.weight (--conf", "weight 0", "scheduler.queue.a/b.weight"}},
		{"master --conf scheduler.defaultQueue=prd --conf scheduler.queue.prod.weight=1", []string{"scheduler.defaultQueue (--conf", "did you mean prod?"}},
		{"master --conf scheduler.reserve.max=0 --conf scheduler.reserve.after=soon", []string{"scheduler.reserve.max", "scheduler.reserve.after"}},
		{"master --conf worker.timeout=soon --conf recovery.timeout=5", []string{"worker.timeout (--conf", "recovery.timeout (--conf"}},
		{"master --conf deploy.workerSelectionPolicy=X", []string{"deploy.workerSelectionPolicy"}},
		{"master --log-level loud", []string{"log.level", "debug, info, warn, error"}},
		{"worker", []string{"no master is named", "MUSTER_MASTER"}},
		{"worker local[2]", []string{"cluster's URL"}},
		{"worker --cores 0 muster://h:1", []string{"worker.cores (flag --cores)"}},
		{"worker --memory 512 muster://h:1", []string{"--memory"}},
		{"worker --labels fast muster://h:1", []string{"worker.labels", "key=value"}},
		{"worker --conf worker.log.rolling.strategy=daily muster://h:1", []string{"daily", "size nor time"}},
		{"worker --conf worker.resource.gpu.count=1 muster://h:1", []string{"worker.resource.gpu.count", ".amount"}},
		{"worker --conf worker.envFile=nowhere muster://h:1", []string{"worker.envFile", "nowhere"}},
		{"worker --conf worker.env.A/B=1 muster://h:1", []string{"worker.env", "A/B"}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			code, out, talk := muster(t, append(strings.Fields(tt.line), "--port", port)...)
			if code != exitUsage || out != "" || strings.Contains(talk, "in use") {
				t.Errorf("ended with %d, printed %q:\n%s", code, out, talk)
			}
			for _, want := range tt.says {
				if !strings.Contains(talk, want) {
					t.Errorf("not told %q:\n%s", want, talk)
				}
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestConfigShow: data for machines, with the origin and what it hides.
func TestConfigShow(t *testing.T) {
	t.Setenv("MUSTER_CORES_MAX", "3")
	code, out, talk := muster(t, "config", "show", "cores.", "--origin", "-o", "json", "--conf", "spark.cores.max=4")
	var rows []struct {
		Key, Value, Origin string
		Hides              []string
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 {
		t.Fatalf("%d %v: %s%s", code, err, out, talk)
	}
	if len(rows) != 1 || rows[0].Key != "cores.max" || rows[0].Value != "4" || !strings.HasPrefix(rows[0].Origin, "--conf") {
		t.Errorf("%+v", rows)
	}
	if len(rows) == 1 && (len(rows[0].Hides) != 2 || rows[0].Hides[0] != "env MUSTER_CORES_MAX=3") {
		t.Errorf("hides %q", rows[0].Hides)
	}
	_, out, _ = muster(t, "config", "show", "cores.", "--origin", "-o", "table")
	if !strings.Contains(out, "ORIGIN") || !strings.Contains(out, "env MUSTER_CORES_MAX") {
		t.Error(out)
	}
}

func TestVersion(t *testing.T) {
	for form, want := range map[string]string{"yaml": "version: dev\n", "json": `"version": "dev"`, "name": "dev\n", "table": "PROTOCOL"} {
		if code, out, talk := muster(t, "version", "-o", form); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d %q %q", form, code, out, talk)
		}
	}
}

// TestCompletion: the shell's script knows the commands, and is asked for the way cobra does.
func TestCompletion(t *testing.T) {
	if code, out, talk := muster(t, "completion", "bash"); code != 0 || !strings.Contains(out, "__start_muster") {
		t.Errorf("%d %q", code, talk)
	}
	if code, out, talk := muster(t, "__complete", "get", "wo"); code != 0 || !strings.Contains(out, "workers") {
		t.Errorf("%d %q %q", code, out, talk)
	}
}

// TestEnding: what a waited-for driver's end makes of this command's exit code.
func TestEnding(t *testing.T) {
	for _, tt := range []struct {
		row  deploy.DriverRow
		code int
	}{
		{deploy.DriverRow{State: deploy.DriverFinished}, 0},
		{deploy.DriverRow{State: deploy.DriverFailed, Exit: deploy.Exit{Code: 3}}, 3},
		{deploy.DriverRow{State: deploy.DriverFailed, Exit: deploy.Exit{Signal: 9}}, 137},
		{deploy.DriverRow{State: deploy.DriverKilled, Exit: deploy.Exit{Signal: 15}}, 143},
		{deploy.DriverRow{State: deploy.DriverKilled}, exitOurs},
		{deploy.DriverRow{State: deploy.DriverError, Message: "no such file"}, exitOurs},
	} {
		tt.row.ID = "driver-1"
		err, got := ending(tt.row), 0
		var coded *exitError
		switch {
		case errors.As(err, &coded):
			got = coded.code
		case err != nil:
			got = exitOurs
		}
		if got != tt.code {
			t.Errorf("%s %+v ends with %d; want %d", tt.row.State, tt.row.Exit, got, tt.code)
		}
		if err != nil && (!strings.Contains(err.Error(), "driver-1") || !strings.Contains(err.Error(), tt.row.Message)) {
			t.Errorf("%q does not say what ended and why", err)
		}
	}
}

// executable writes a script that can be run.
func executable(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
