// Command wordcount counts the words of files on a cluster, or on this machine: the master URL is the only difference.
//
//	wordcount --master local[*] FILE|FOLDER...
//	wordcount --master muster://host:7077 FILE|FOLDER...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/musterproject/muster/examples/wordcount/words"
	"github.com/musterproject/muster/pkg/task"
)

func main() {
	master := flag.String("master", "", "master URL; MUSTER_MASTER if empty, and local[*] without either")
	top := flag.Int("top", 20, "words to print")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: wordcount [--master URL] [--top N] FILE|FOLDER...")
		flag.PrintDefaults()
	}
	flag.Parse()
	p := task.NewProgram("wordcount")
	job := words.Define(p)
	os.Exit(task.Main(context.Background(), p, func(ctx context.Context, s *task.Session) error {
		files, err := list(flag.Args())
		if err != nil {
			return err
		}
		began := time.Now()
		total, err := job.Count(ctx, s, files, nil)
		if err != nil {
			return err
		}
		show(total, *top, time.Since(began))
		return nil
	}, task.WithMaster(*master)))
}

// list gives the files named, and those in the folders named.
func list(names []string) (files []string, err error) {
	if len(names) == 0 {
		return nil, errors.New("nothing to count: name files or folders")
	}
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return files, nil
}

func show(t words.Total, top int, took time.Duration) {
	for _, c := range t.Top(top) {
		fmt.Printf("%-20s %10d\n", c.Word, c.Count)
	}
	fmt.Printf("%d files, %d bytes, %d words, %d different, in %s on %d executors\n",
		t.Files, t.Bytes, t.Words, len(t.Counts), took.Round(time.Millisecond), t.Executors)
}
