//go:build linux

package proclauncher_test

import (
	"testing"

	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// readAll reads a log from its oldest byte.
func readAll(t testing.TB, log *proclauncher.LogReader) string {
	t.Helper()
	var all []byte
	buf := make([]byte, 1000)
	for at := int64(0); ; {
		n, from, err := log.ReadAt(buf, at)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return string(all)
		}
		all, at = append(all, buf[:n]...), from+int64(n)
	}
}
