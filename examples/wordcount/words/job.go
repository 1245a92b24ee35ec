package words

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/task"
)

// Total is what was counted.
type Total struct {
	Files     int
	Bytes     int64
	Words     int64
	Counts    Tally
	Executors int // that took part; 0 for this process
}

// Top gives the n most frequent words.
func (t Total) Top(n int) []Count { return t.Counts.Top(n) }

// Progress is how far a count has come.
type Progress struct {
	Files     int
	Bytes     int64
	Executors int // that have taken part so far
}

// Job counts words on executors. Define makes it, in every process of the program.
type Job struct {
	count task.Func[[]byte, Tally]
}

// Define gives a program what it takes to count words.
func Define(p *task.Program) Job {
	return Job{count: task.Define(p, "count-words", func(_ context.Context, text []byte) (Tally, error) {
		t := Tally{}
		t.Add(text)
		return t, nil
	})}
}

// Count counts the words of files on the executors of s. Files are read here, so that executors need not see them. progress, unless nil, is called
// after every part that is done.
func (j Job) Count(ctx context.Context, s *task.Session, files []string, progress func(Progress)) (Total, error) {
	var mu sync.Mutex
	var sent []chunk // without their text
	var readErr error
	texts := func(yield func([]byte) bool) {
		for c, err := range chunks(ctx, files) {
			mu.Lock()
			if err != nil {
				readErr = err
				mu.Unlock()
				return
			}
			sent = append(sent, chunk{bytes: c.bytes, files: c.files})
			mu.Unlock()
			if !yield(c.text) {
				return
			}
		}
	}
	total, executors := Total{Counts: Tally{}}, map[deploy.ExecutorID]bool{}
	for r, err := range task.Map(ctx, s, j.count, texts) {
		if err != nil {
			return Total{}, err
		}
		total.Counts.Merge(r.Value)
		executors[r.Executor] = true
		mu.Lock()
		c := sent[r.Index]
		mu.Unlock()
		total.Bytes += c.bytes
		total.Files += c.files
		if progress != nil {
			progress(Progress{Files: total.Files, Bytes: total.Bytes, Executors: len(executors)})
		}
	}
	total.Words, total.Executors = total.Counts.Words(), len(executors)
	return total, readErr // Map has waited for whoever sets it
}

// CountLocal counts the words of files in this process, one whole file at a time, without the parts that Count cuts text into.
func CountLocal(ctx context.Context, files []string) (Total, error) {
	total := Total{Counts: Tally{}}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return Total{}, fmt.Errorf("count words: %w", err)
		}
		total.Counts.Add(text)
		total.Files++
		total.Bytes += int64(len(text))
	}
	total.Words = total.Counts.Words()
	return total, nil
}
