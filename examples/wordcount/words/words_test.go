package words_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/musterproject/muster/examples/wordcount/words"
	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// TestMain makes the test's own binary the executors' program.
func TestMain(m *testing.M) {
	if took, err := localcluster.Become(context.Background()); took {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if task.IsExecutor() {
		p := task.NewProgram("words-test")
		words.Define(p)
		os.Exit(task.Main(context.Background(), p, nil))
	}
	os.Exit(m.Run())
}

// realText gives all files of a few folders of the Go installation.
func realText(t *testing.T) (files []string) {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	need.Or(t, "go", err == nil, "asks the go command where the Go installation is, to count its sources")
	for _, folder := range []string{"strings", "net"} {
		err := filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src", folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		need.Or(t, "go-sources", err == nil, "counts the words of the Go installation's sources")
	}
	if len(files) < 100 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

func TestCountsAsOneProcessDoes(t *testing.T) {
	files := realText(t)
	want, err := words.CountLocal(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"local[2]", "local-cluster[2,1,512]"} {
		t.Run(url, func(t *testing.T) {
			p := task.NewProgram("words-test")
			job := words.Define(p)
			cfg := task.DefaultConfig()
			cfg.Master, cfg.ExecutorMemoryMiB = url, 256
			var last words.Progress
			err := task.Run(t.Context(), p, cfg, func(ctx context.Context, s *task.Session) error {
				got, err := job.Count(ctx, s, files, func(p words.Progress) { last = p })
				if err != nil {
					return err
				}
				if got.Executors < 1 {
					t.Error("no executor took part")
				}
				got.Executors = 0
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%d files, %d bytes, %d words, %d different; one process: %d, %d, %d, %d",
						got.Files, got.Bytes, got.Words, len(got.Counts), want.Files, want.Bytes, want.Words, len(want.Counts))
				}
				return nil
			}, task.WithBackend(localcluster.Backend()))
			if err != nil {
				t.Fatal(err)
			}
			if last.Bytes != want.Bytes || last.Files != want.Files {
				t.Errorf("progress ends at %+v", last)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]words.Tally{
		"":                        {},
		"Go go GO":                {"go": 3},
		"a1-b2_c3":                {"a1": 1, "b2": 1, "c3": 1},
		"Ärger,ärger\nΣίσυφος 数字": {"ärger": 2, "σίσυφος": 1, "数字": 1},
		"cut\xffhere":             {"cut": 1, "here": 1},
	} {
		got := words.Tally{}
		got.Add([]byte(text))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Files whose words lie across every place where text may be cut count as one process counts them.
func TestWordsAcrossCuts(t *testing.T) {
	dir := t.TempDir()
	texts := map[string][]byte{
		"empty":      nil,
		"no newline": []byte("last word"),
		"one word":   bytes.Repeat([]byte("é"), 700_000),
		"large":      []byte(strings.Repeat("größe 数字 wörter-und\xe2\x82 ", 80_000)),
		"digits":     bytes.Repeat([]byte("0123456789 "), 100_000),
	}
	var files []string
	for name, text := range texts {
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := words.CountLocal(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	p := task.NewProgram("cuts")
	job := words.Define(p)
	cfg := task.DefaultConfig()
	cfg.Master = "local[2]"
	err = task.Run(t.Context(), p, cfg, func(ctx context.Context, s *task.Session) error {
		got, err := job.Count(ctx, s, files, nil)
		got.Executors = 0
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d files, %d bytes, %d words; one process: %d, %d, %d", got.Files, got.Bytes, got.Words, want.Files, want.Bytes, want.Words)
		}
		if _, missing := job.Count(ctx, s, []string{filepath.Join(dir, "absent")}, nil); missing == nil || !strings.Contains(missing.Error(), "absent") {
			t.Errorf("a file that is not there: %v", missing)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTop(t *testing.T) {
	got := words.Tally{"b": 2, "a": 2, "c": 3, "d": 1}.Top(3)
	if want := []words.Count{{"c", 3}, {"a", 2}, {"b", 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// FuzzAdd compares with the plainest way to say what a word is.
func FuzzAdd(f *testing.F) {
	f.Add("Go go\xffGO größe ΣΊΣΥΦΟΣ 1a-B2 \ufffd x")
	f.Add("\xe6\x95\xb0字a\xe6")
	f.Fuzz(func(t *testing.T, text string) {
		want := words.Tally{}
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			want[strings.Map(unicode.ToLower, w)]++
		}
		got := words.Tally{}
		got.Add([]byte(text))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}

func FuzzTally(f *testing.F) {
	b, err := words.Tally{"go": 3, "größe": 1 << 40}.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{200, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, again words.Tally
		if got.UnmarshalBinary(b) != nil {
			return
		}
		out, err := got.MarshalBinary()
		if err == nil {
			err = again.UnmarshalBinary(out)
		}
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("%v: %v and %v", err, got, again)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	text := []byte(strings.Repeat("func (t Tally) Add(text []byte) { the quick brown fox jumps over the lazy dog }\n", 5000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		words.Tally{}.Add(text)
	}
}

func ExampleTally_Top() {
	t := words.Tally{}
	t.Add([]byte("the cat and the dog and the fox"))
	fmt.Println(t.Top(2))
	// Output: [{the 3} {and 2}]
}
