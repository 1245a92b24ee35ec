package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "discover")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiscover(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resources.json")
	text := `[{"name":"fpga","addresses":["f0","f1"]},{"id":{"resourceName":"gpu"},"addresses":["9"]}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	good := script(t, `echo '{"name":"gpu","addresses":["0","1","2"]}'`)
	for name, c := range map[string]struct {
		file  string
		wants []Discovery
		want  string // units, or what the error must say
		bad   bool
	}{
		"script":            {wants: []Discovery{{Name: "gpu", Script: good}}, want: "gpu:0 1 2"},
		"amount takes some": {wants: []Discovery{{Name: "gpu", Amount: 2, Script: good}}, want: "gpu:0 1"},
		"file wins":         {file: file, wants: []Discovery{{Name: "gpu", Script: good}}, want: "fpga:f0 f1,gpu:9"},
		"too few":           {wants: []Discovery{{Name: "gpu", Amount: 4, Script: good}}, want: "4 units are wanted but only 3", bad: true},
		"no source":         {wants: []Discovery{{Name: "gpu"}}, want: "no discovery script", bad: true},
		"fails":             {wants: []Discovery{{Name: "gpu", Script: script(t, "echo broken >&2; exit 3")}}, want: `exit status 3; it said "broken"`, bad: true},
		"hangs":             {wants: []Discovery{{Name: "gpu", Script: script(t, "sleep 600 & sleep 600")}}, want: "no answer within", bad: true},
		"nonsense":          {wants: []Discovery{{Name: "gpu", Script: script(t, "echo hello")}}, want: `printed "hello`, bad: true},
		"other name":        {wants: []Discovery{{Name: "fpga", Script: good}}, want: `answered for "gpu"`, bad: true},
		"twice":             {wants: []Discovery{{Name: "gpu", Script: script(t, `echo '{"name":"gpu","addresses":["0","0"]}'`)}}, want: "listed twice", bad: true},
		"missing script":    {wants: []Discovery{{Name: "gpu", Script: "/no/such/script"}}, want: "no such file", bad: true},
		"bad name":          {wants: []Discovery{{Name: "../gpu", Script: good}}, want: "resource name", bad: true},
		"missing file":      {file: "/no/such/file", want: "no such file", bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Discover(context.Background(), c.file, c.wants, 500*time.Millisecond)
			if c.bad {
				if !errors.Is(err, ErrDiscovery) || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want an ErrDiscovery that says %q", err, c.want)
				}
				return
			}
			var words []string
			for _, a := range got {
				words = append(words, a.Name+":"+strings.Join(a.Units, " "))
			}
			if s := strings.Join(words, ","); err != nil || s != c.want {
				t.Fatalf("got %q, %v, want %q", s, err, c.want)
			}
		})
	}
}

func TestIdentitySurvivesAndCounts(t *testing.T) {
	dir := t.TempDir()
	at := deploy.Address{Host: "10.0.0.7", Port: 4000}
	now := time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC)
	first, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "", at, now)
	if err != nil || first.ID != "worker-20261120223045-10.0.0.7-4000" || first.Incarnation != 1 {
		t.Fatalf("got %+v, %v", first, err)
	}
	second, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "", deploy.Address{Host: "x", Port: 1}, now.Add(time.Hour))
	if err != nil || second.ID != first.ID || second.Incarnation != 2 {
		t.Fatalf("got %+v, %v", second, err)
	}
	if _, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "another", at, now); !errors.Is(err, deploy.ErrConflict) {
		t.Fatalf("another id in the same directory gave %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "worker.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "", at, now); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Fatalf("a damaged file gave %v", err)
	}
}

func TestEpochsOnlyRise(t *testing.T) {
	dir := t.TempDir()
	me, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "w", deploy.Address{Host: "h", Port: 1}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cluster := deploy.ClusterID{1}
	for _, e := range []deploy.Epoch{5, 3} {
		me.Incarnation-- // takeUp below counts it up again
		if err := me.raise(epochsSeen(cluster, e)); err != nil {
			t.Fatal(err)
		}
		back, err := takeUp(dir, deploy.DefaultWorkerIDPattern, "w", deploy.Address{}, time.Now())
		if err != nil || len(back.epochs()) != 1 || back.epochs()[0].Epoch != 5 {
			t.Fatalf("after %d: %+v, %v", e, back, err)
		}
	}
}
