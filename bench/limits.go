package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// printLimits measures what our figures are held against, on this machine, now.
func printLimits(ctx context.Context, t *tools) error {
	for _, l := range []struct {
		what string
		run  func(context.Context) (string, error)
	}{
		{"fork, exec and wait of /bin/true", forks},
		{"append and fdatasync of 512 bytes", syncs},
		{"round trip on loopback TCP", tcpTurns},
	} {
		got, err := l.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		fmt.Printf("%-45s %s\n", l.what, got)
	}
	r, err := t.gobench(ctx, "./pkg/rpc/grpcrpc", "^(BenchmarkRawStream|BenchmarkPingPong)$", "50000x")
	if err != nil {
		return err
	}
	turn, err1 := r.get("BenchmarkPingPong/raw-stream", "ns/op")
	flow, err2 := r.get("BenchmarkRawStream", "items/s")
	fmt.Printf("%-45s %.1f us\n%-45s %s\n", "gRPC stream, there and back", turn/1e3, "gRPC stream, one message per item, one way", perSecond(flow))
	return errors.Join(err1, err2)
}

func forks(ctx context.Context) (string, error) {
	const n = 500
	began := time.Now()
	for range n {
		if err := exec.CommandContext(ctx, "/bin/true").Run(); err != nil {
			return "", err
		}
	}
	return perSecond(n / time.Since(began).Seconds()), nil
}

func syncs(context.Context) (_ string, err error) {
	dir, err := os.MkdirTemp(".", ".bench-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var fs syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &fs); err != nil {
		return "", err
	}
	const n = 1000
	record := make([]byte, 512)
	began := time.Now()
	for range n {
		if _, err := f.Write(record); err != nil {
			return "", err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return "", err
		}
	}
	took := time.Since(began)
	return fmt.Sprintf("%s, %.0f us each, %d syncs, file system %#x", perSecond(n/took.Seconds()), took.Seconds()*1e6/n, n, fs.Type), nil
}

func tcpTurns(ctx context.Context) (_ string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	echoed := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = io.Copy(c, c)
			err = errors.Join(err, c.Close())
		}
		echoed <- err
	}()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return "", err
	}
	const n = 20_000
	b := make([]byte, 8)
	began := time.Now()
	for range n {
		if _, err := c.Write(b); err != nil {
			return "", err
		}
		if _, err := io.ReadFull(c, b); err != nil {
			return "", err
		}
	}
	took := time.Since(began)
	return fmt.Sprintf("%.1f us", took.Seconds()*1e6/n), errors.Join(c.Close(), <-echoed)
}
