//go:build linux

package proclauncher_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// A program that opens a launcher calls KeeperMain when it is started with KeeperArg, as TestMain does here.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := sayHello(context.Background(), dir); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1-1 started
	// 1-1 ended with {Code:3 Signal:0 OOM:false}
	// hello, world
}

func sayHello(ctx context.Context, dir string) error {
	l, err := proclauncher.Open(ctx, proclauncher.DefaultConfig(filepath.Join(dir, "state")))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	spec := launcher.Spec{
		Launch: deploy.LaunchID{Epoch: 1, Seq: 1}, Owner: "app-20261120223045-0001/0", Dir: filepath.Join(dir, "work"),
		Program: "/bin/sh", Args: []string{"-c", "echo hello, $WHO; exit 3"}, Env: []deploy.EnvVar{{Name: "WHO", Value: "world"}},
		Outputs: launcher.Outputs{Stdout: "stdout", Stderr: "stderr"},
	}
	if _, err := l.Launch(ctx, spec); err != nil {
		return err
	}
	for e, err := range l.Watch(ctx, 0) {
		if err != nil {
			return err
		}
		if _, ok := e.(launcher.Started); ok {
			fmt.Println(spec.Launch, "started")
		}
		if end, ok := e.(launcher.Exited); ok {
			fmt.Printf("%s ended with %+v\n", end.Launch, end.Exit)
			break
		}
	}
	log, err := proclauncher.OpenLog(spec.Dir, "stdout")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	text := make([]byte, 100)
	n, _, err := log.ReadAt(text, 0)
	fmt.Print(string(text[:n]))
	return err
}
