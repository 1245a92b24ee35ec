//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
)

// needMounts asks for the right to mount in a mount namespace of one's own, so that no mount outlives the worker that stands on it.
func needMounts(t *testing.T) {
	t.Helper()
	err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", t.TempDir()).Run()
	need.Or(t, "root", err == nil, "mounts small and read-only disks in a mount namespace")
}

// A worker whose directories cannot be used does not start, and says which one in the system's words.
func TestDirectoriesThatAreNot(t *testing.T) {
	t.Parallel()
	muster, dir := program(t, muster), t.TempDir()
	file := cluster.File(t, "file", "in its place", 0o644)
	ask := func(words ...string) cluster.Result {
		words = append([]string{"worker", "--port", "0", "--webui-port", "0", "muster://127.0.0.1:7"}, words...)
		return cluster.Begin(t, muster, dir, nil, words...).Wait(t)
	}
	ask("--work-dir", file).Want(t, 125, file, "not a directory")
	ask("--state-dir", file).Want(t, 125, file, "not a directory")
	ask("--work-dir", file+"/below").Want(t, 125, file, "not a directory")
	cluster.Begin(t, muster, dir, nil, "master", "--port", "0", "--webui-port", "0", "--dir", file).Wait(t).Want(t, 125, file, "not a directory")
}

func TestReadOnlyWorkDirectory(t *testing.T) {
	t.Parallel()
	needMounts(t)
	c := start(t, 0)
	disk := filepath.Join(c.Dir, "disk")
	w := c.AddWorkerInside(t, fmt.Sprintf("mkdir %[1]q && mount -t tmpfs -o size=8m tmpfs %[1]q", disk), "--work-dir", disk, "--state-dir", filepath.Join(c.Dir, "state"))
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	remount := func(how string) {
		t.Helper()
		out, err := exec.Command("nsenter", "-t", fmt.Sprint(w.PID()), "-m", "mount", "-o", "remount,"+how, disk).CombinedOutput()
		if err != nil {
			t.Fatalf("remount: %v %s", err, out)
		}
	}
	remount("ro")
	r := c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 125, "FAILED", "read-only file system")
	d := c.Driver(t, deploy.DriverID(strings.TrimSpace(r.Out)), deploy.DriverFailed)
	if !strings.Contains(d.Message, "read-only file system") {
		t.Errorf("message %q", d.Message)
	}
	c.Muster(t, "logs", string(d.ID)).Want(t, 4, "never started")
	remount("rw")
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	c.Quiet(t)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	needMounts(t)
	c := start(t, 0)
	disk := filepath.Join(c.Dir, "disk")
	c.AddWorkerInside(t, fmt.Sprintf("mkdir %[1]q && mount -t tmpfs -o size=1m tmpfs %[1]q", disk), "--work-dir", disk, "--state-dir", filepath.Join(c.Dir, "state"))
	large := cluster.File(t, "large", strings.Repeat("0123456789abcdef", 1<<17), 0o644) // 2 MiB
	c.Wait(t, "--files", large, cluster.Script(t, "exit 0")).Want(t, 125, "FAILED", "no space left on device")
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0) // what did not fit has been taken away
	r := c.Wait(t, cluster.Script(t, "head -c 3000000 /dev/zero || exit 28")).Want(t, 28, "FAILED")
	if id := strings.TrimSpace(r.Out); len(c.Muster(t, "logs", id).Want(t, 0).Out) == 0 {
		t.Errorf("nothing is left of the output of %s", id)
	}
	c.Registered(t, 1)
	c.Quiet(t)
}

// An artifact that is not what its digest promises is never run, wherever it was spoiled.
func TestSpoiledArtifacts(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	blobs, err := c.Client(t).Blobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := blobs.Put(t.Context(), zeros, strings.NewReader("something else")); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Errorf("a blob under a wrong digest: %v", err)
	}
	submit := func(request string, digest deploy.Digest, size int64) deploy.DriverRow {
		t.Helper()
		answer, err := c.Client(t).Call(context.WithoutCancel(t.Context()), deploy.SubmitDriver{Request: deploy.RequestID(request), Spec: deploy.DriverSpec{
			Name: "spoiled", Need: deploy.Resources{Cores: 1, MemoryMiB: 64},
			Command: deploy.Command{Program: "prog", Artifacts: []deploy.Artifact{{Digest: digest, Name: "prog", Size: size, Executable: true}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Driver(t, deploy.DriverID(answer.(deploy.Accepted).ID), deploy.DriverFailed)
	}
	if d := submit("absent", zeros, 1); !strings.Contains(d.Message, string(zeros)) || !strings.Contains(d.Message, "not found") {
		t.Errorf("an artifact that is nowhere: %q", d.Message)
	}
	body := "#!/bin/sh\ntouch " + filepath.Join(c.Dir, "ran") + "\n"
	digest, size, err := blobs.Put(t.Context(), "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	stored := find(t, filepath.Join(c.Master.Dir, "master"), string(digest))
	if err := os.Chmod(stored, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stored, []byte(strings.Replace(body, "ran", "RAN", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	d := submit("spoiled", digest, size)
	if !strings.Contains(d.Message, string(digest)) || !strings.Contains(d.Message, "digest") {
		t.Errorf("an artifact spoiled on the master's disk: %q", d.Message)
	}
	for _, name := range []string{"ran", "RAN"} {
		if _, err := os.Stat(filepath.Join(c.Dir, name)); err == nil {
			t.Errorf("a spoiled artifact has been run")
		}
	}
	c.Quiet(t)
}

// find gives the file below dir with the word in its name.
func find(t *testing.T, dir, word string) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), word) {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no file *%s* below %s: %v", word, dir, err)
	}
	return found
}
