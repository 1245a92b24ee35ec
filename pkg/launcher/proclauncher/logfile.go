package proclauncher

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An output named stdout is kept as
//
//	stdout.0  stdout.1048576  stdout    live, from the end of the newest rolled file
//	^ rolled, named by the offset of its first byte in the whole output
//
// so that offsets stand for ever, whatever is rolled away. Where no rolled file is retained, an empty one marks the
// beginning of the live file.

// rolledName is the file that begins at offset first of the output called name.
func rolledName(name string, first int64) string { return name + "." + strconv.FormatInt(first, 10) }

// rolledFirst reads the offset out of the name of a rolled file.
func rolledFirst(name, file string) (first int64, ok bool) {
	digits, ok := strings.CutPrefix(file, name+".")
	if !ok || digits == "" || (digits[0] == '0' && digits != "0") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > math.MaxInt64 {
		return 0, false
	}
	return int64(n), true
}

// rolledFiles lists the first offsets of the rolled files of an output, ascending. Only regular files count.
func rolledFiles(name string, entries []fs.DirEntry) []int64 {
	var firsts []int64
	for _, e := range entries {
		if first, ok := rolledFirst(name, e.Name()); ok && e.Type().IsRegular() {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts
}

// liveFirst is the offset of the live file's first byte in the output called name in dir.
func liveFirst(dir, name string, rolled []int64) (int64, error) {
	if len(rolled) == 0 {
		return 0, nil
	}
	last := rolled[len(rolled)-1]
	info, err := os.Lstat(filepath.Join(dir, rolledName(name, last)))
	if err != nil {
		return 0, fmt.Errorf("find where %s begins: %w", name, err)
	}
	return last + info.Size(), nil
}
