package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
)

func TestUnpack(t *testing.T) {
	members := []member{
		{name: "./", mode: fs.ModeDir | 0o755},
		{name: "./bin/", mode: fs.ModeDir | 0o700},
		{name: "bin/run", content: "#!/bin/sh", mode: 0o755},
		{name: "data/deep/er/file.txt", content: "text", mode: 0o600},
		{name: "data/", mode: fs.ModeDir | 0o755},
		{name: "empty", mode: 0o644},
		{name: "data/run", link: "../bin/run"},
		{name: "data/deep/dir", link: "./../deep//er"},
		{name: "dangling", link: "missing"},
		{name: "Case", content: "C", mode: 0o644},
		{name: "case", content: "c", mode: 0o644},
		{name: "back\\slash", content: "b", mode: 0o644},
	}
	for format, archive := range formats(t, members...) {
		t.Run(format, func(t *testing.T) {
			dir, err := unpack(t.Context(), t, archive, small)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{"bin/run": "#!/bin/sh", "data/deep/er/file.txt": "text", "empty": "", "data/run": "#!/bin/sh",
				"data/deep/dir/file.txt": "text", "Case": "C", "case": "c", "back\\slash": "b"} {
				got, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || string(got) != want {
					t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
				}
			}
			for name, want := range map[string]fs.FileMode{"bin/run": 0o755, "data/deep/er/file.txt": 0o644, "bin": fs.ModeDir | 0o755, ".": fs.ModeDir | 0o755} {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil || info.Mode() != want {
					t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, want)
				}
			}
		})
	}
}

func TestUnpackHardLink(t *testing.T) {
	dir, err := unpack(t.Context(), t, makeTar(t, member{name: "a/file", content: "x", mode: 0o644}, member{name: "b", link: "a/file", flag: tar.TypeLink}), small)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil || string(got) != "x" {
		t.Errorf("b holds %q, %v", got, err)
	}
}

func TestUnpackIntoEmptyDirectory(t *testing.T) {
	file, dir := filepath.Join(t.TempDir(), "archive"), t.TempDir()
	if err := os.WriteFile(file, makeTar(t, member{name: "f", content: "x"}), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := artifact.Unpack(t.Context(), file, dir, small); err != nil {
		t.Fatal(err)
	}
	if err := artifact.Unpack(t.Context(), file, dir, small); !errors.Is(err, syscall.ENOTEMPTY) {
		t.Errorf("into a directory with files: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(got) != "x" {
		t.Errorf("f holds %q, %v", got, err)
	}
}

var hostile = map[string][]member{
	"up":                             {{name: "../x", content: "x"}},
	"up in the middle":               {{name: "a/../../x", content: "x"}},
	"up and down":                    {{name: "a/../b", content: "x"}},
	"only up":                        {{name: "..", content: "x"}},
	"absolute":                       {{name: "/etc/cron.d/x", content: "x"}},
	"absolute link":                  {{name: "l", link: "/etc/passwd"}},
	"link up":                        {{name: "l", link: "../x"}},
	"link up from below":             {{name: "a/b/l", link: "../../../x"}},
	"link down and up":               {{name: "l", link: "a/../../x"}},
	"links that leave only together": {{name: "a/b/c/f", content: "x"}, {name: "t/f", content: "x"}, {name: "a/b/c/x", link: "../../../t"}, {name: "y", link: "a/b/c/x/../../s"}},
	"write through a link":           {{name: "l", link: "sub"}, {name: "sub/f", content: "x"}, {name: "l/g", content: "x"}},
	"file over a link":               {{name: "l", link: "f"}, {name: "l", content: "x"}},
	"link over a file":               {{name: "f", content: "x"}, {name: "f", link: "g"}},
	"link to itself":                 {{name: "l", link: "l"}},
	"file twice":                     {{name: "f", content: "1"}, {name: "./f", content: "2"}},
	"file over a directory":          {{name: "d/f", content: "1"}, {name: "d", content: "2"}},
	"directory over a file":          {{name: "d", content: "1"}, {name: "d/f", content: "2"}},
	"set user id":                    {{name: "f", content: "x", mode: fs.ModeSetuid | 0o755}},
	"set group id":                   {{name: "f", content: "x", mode: fs.ModeSetgid | 0o755}},
	"pipe":                           {{name: "p", flag: tar.TypeFifo}},
	"long name":                      {{name: strings.Repeat("n", 5000), content: "x"}},
	"one file too large":             {{name: "f", content: strings.Repeat("x", 1001)}},
	"too large together":             {{name: "f", content: strings.Repeat("x", 600)}, {name: "g", content: strings.Repeat("x", 600)}},
	"too many files":                 many(21, "f#"),
	"too many directories":           many(11, "d#/e/"),
	"too many, the same":             many(31, "d/"),
	"too many hidden depths":         {{name: strings.Repeat("d/", 30) + "f", content: "x"}},
}

// many numbers a name; one that ends with a slash is a directory.
func many(n int, pattern string) (out []member) {
	for i := range n {
		m := member{name: strings.ReplaceAll(pattern, "#", strconv.Itoa(i))}
		if strings.HasSuffix(pattern, "/") {
			m.mode = fs.ModeDir | 0o755
		}
		out = append(out, m)
	}
	return out
}

func TestUnpackRefuses(t *testing.T) {
	for name, members := range hostile {
		for format, archive := range formats(t, members...) {
			t.Run(name+"/"+format, func(t *testing.T) {
				if _, err := unpack(t.Context(), t, archive, small); !errors.Is(err, artifact.ErrArchive) {
					t.Errorf("got %v, want ErrArchive", err)
				}
			})
		}
	}
}

func TestUnpackRefusesOfTar(t *testing.T) {
	for name, members := range map[string][]member{
		"device":                 {{name: "d", flag: tar.TypeBlock}},
		"character device":       {{name: "d", flag: tar.TypeChar}},
		"hard link up":           {{name: "l", link: "../x", flag: tar.TypeLink}},
		"hard link out":          {{name: "l", link: "/etc/passwd", flag: tar.TypeLink}},
		"hard link to nothing":   {{name: "l", link: "x", flag: tar.TypeLink}},
		"hard link to directory": {{name: "d/", mode: fs.ModeDir}, {name: "l", link: "d", flag: tar.TypeLink}},
		"hard link over a file":  {{name: "f", content: "x"}, {name: "g", content: "x"}, {name: "f", link: "g", flag: tar.TypeLink}},
		"hard link to a link":    {{name: "s", link: "f"}, {name: "f", content: "x"}, {name: "l", link: "s", flag: tar.TypeLink}},
	} {
		if _, err := unpack(t.Context(), t, makeTar(t, members...), small); !errors.Is(err, artifact.ErrArchive) {
			t.Errorf("%s: %v, want ErrArchive", name, err)
		}
	}
}

func TestUnpackDamaged(t *testing.T) {
	good := formats(t, member{name: "f", content: strings.Repeat("content ", 100)}, member{name: "g", content: "x"})
	cut := map[string][]byte{"nothing": {}, "text": []byte("#!/bin/sh\n"), "zeroes": make([]byte, 2048), "gzip of text": zipped(t, []byte("text"))}
	for format, archive := range good {
		cut["half a "+format] = archive[:len(archive)/2]
		cut["start of a "+format] = archive[:20]
	}
	lying := bytes.Replace(good["zip"], []byte("f"), []byte("F"), 1) // the name in the local header differs: legal, but its content must not
	copy(lying[40:], "damage damage damage")
	cut["zip with another content"] = lying
	for name, archive := range cut {
		if _, err := unpack(t.Context(), t, archive, small); !errors.Is(err, artifact.ErrArchive) {
			t.Errorf("%s: %v, want ErrArchive", name, err)
		}
	}
}

// TestUnpackBombs: little that becomes much is stopped at the limit, not at the end.
func TestUnpackBombs(t *testing.T) {
	zeroes := makeTar(t, member{name: "f", content: strings.Repeat("\x00", 10<<20)})
	headers := makeTar(t, many(20_000, "d/")...)
	for name, archive := range map[string][]byte{
		"one long file": zipped(t, zeroes), "zip of one long file": makeZip(t, member{name: "f", content: strings.Repeat("\x00", 10<<20)}),
		"headers": zipped(t, headers), "zip of many": makeZip(t, many(20_000, "f#")...),
	} {
		if _, err := unpack(t.Context(), t, archive, small); !errors.Is(err, artifact.ErrArchive) || !strings.Contains(err.Error(), "more than") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnpackEndlessHeaders: long names come before the entry that they name; the reader of a tar takes any number of them.
func TestUnpackEndlessHeaders(t *testing.T) {
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: strings.Repeat("n", 200), Format: tar.FormatGNU, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	longName := b.Bytes()[:1024] // its header and its text
	_, err := unpack(t.Context(), t, zipped(t, bytes.Repeat(longName, 5000)), small)
	if !errors.Is(err, artifact.ErrArchive) || !strings.Contains(err.Error(), "more than 1000 bytes and 20 files") {
		t.Errorf("%v", err)
	}
}

// TestUnpackZipDirectory: the directory of a zip, which is read into memory as a whole, may not be much larger than the limit needs.
func TestUnpackZipDirectory(t *testing.T) {
	const n = 300_000
	one := makeZip(t, member{name: "f"})
	start := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.Index(one, []byte("PK\x05\x06"))
	archive := append(bytes.Clone(one[:start]), bytes.Repeat(one[start:end], n)...)
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], n&0xffff)
	binary.LittleEndian.PutUint16(tail[10:], n&0xffff)
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*(end-start)))
	archive = append(archive, tail...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := unpack(t.Context(), t, archive, small)
	runtime.ReadMemStats(&after)
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; !errors.Is(err, artifact.ErrArchive) || took > 40 {
		t.Errorf("%v, with %d MiB of memory", err, took)
	}
}

func TestUnpackDepth(t *testing.T) {
	deep := member{name: strings.Repeat("d/", 150) + "f", content: "x"}
	for format, archive := range formats(t, deep) {
		if _, err := unpack(t.Context(), t, archive, artifact.UnpackLimits{MaxBytes: 10, MaxFiles: 1000}); !errors.Is(err, artifact.ErrArchive) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestUnpackArguments(t *testing.T) {
	archive := makeTar(t, member{name: "f"})
	for _, limits := range []artifact.UnpackLimits{{}, {MaxBytes: 1}, {MaxFiles: 1}, {MaxBytes: -1, MaxFiles: 1}} {
		if _, err := unpack(t.Context(), t, archive, limits); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
	if _, err := unpack(t.Context(), t, archive, artifact.UnpackLimits{MaxBytes: 1<<63 - 1, MaxFiles: 1<<63 - 1}); err != nil {
		t.Errorf("huge limits: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for format, archive := range formats(t, member{name: "f", content: "x"}) {
		if _, err := unpack(ctx, t, archive, small); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under an ended context: %v", format, err)
		}
	}
	if err := artifact.Unpack(t.Context(), filepath.Join(t.TempDir(), "missing"), t.TempDir(), small); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an archive that is not there: %v", err)
	}
}

// FuzzUnpack: whatever the bytes, either nothing is there, or files and links that stay inside and within the limits.
func FuzzUnpack(f *testing.F) {
	for _, members := range hostile {
		if len(members) < 5 {
			for _, archive := range formats(f, members...) {
				f.Add(archive)
			}
		}
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		dir, err := unpack(t.Context(), t, archive, small)
		if err != nil {
			return
		}
		files, bytes := 0, int64(0)
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			files++
			info, err := d.Info()
			if err != nil {
				return err
			}
			switch {
			case d.Type() == fs.ModeSymlink:
				if real, err := filepath.EvalSymlinks(path); err == nil && !strings.HasPrefix(real, dir) {
					t.Errorf("%s leads to %s", path, real)
				}
			case d.Type().IsRegular():
				bytes += info.Size()
			case !d.IsDir() || info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0:
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
		if err != nil || files > small.MaxFiles+1 || bytes > small.MaxBytes {
			t.Errorf("%d files of %d bytes, %v", files, bytes, err)
		}
	})
}
