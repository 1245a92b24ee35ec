package words

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"unicode/utf8"
)

const (
	chunkBytes = 512 << 10
	mostChunk  = 32 << 20 // of a chunk that is one word
)

// chunk is text of one or more files; it ends between words.
type chunk struct {
	text  []byte
	bytes int64 // read for it
	files int   // that end in it
}

// chunks reads files one after the other. Small ones share a chunk, large ones have several. It ends with the first error.
func chunks(ctx context.Context, files []string) iter.Seq2[chunk, error] {
	return func(yield func(chunk, error) bool) {
		c := chunk{}
		full := func() bool { // gives the chunk away
			ok := yield(c, nil)
			c = chunk{}
			return ok
		}
		for _, name := range files {
			err := ctx.Err()
			if err == nil {
				err = read(name, &c, full)
			}
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(chunk{}, fmt.Errorf("count words: %w", err))
				return
			}
		}
		if c.bytes > 0 || c.files > 0 {
			yield(c, nil)
		}
	}
}

var errEnough = errors.New("words: nobody takes more")

// read adds a file to c, and calls full whenever c is.
func read(name string, c *chunk, full func() bool) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		if c.text == nil {
			c.text = make([]byte, 0, chunkBytes+chunkBytes/8)
		}
		if len(c.text) == cap(c.text) { // one word so far
			if cap(c.text) >= mostChunk {
				return fmt.Errorf("%s has a word of more than %d MiB: it is no text", name, mostChunk>>20)
			}
			c.text = append(make([]byte, 0, 2*cap(c.text)), c.text...)
		}
		n, readErr := f.Read(c.text[len(c.text):cap(c.text)])
		c.text = c.text[:len(c.text)+n]
		c.bytes += int64(n)
		switch {
		case errors.Is(readErr, io.EOF):
			c.text = append(c.text, '\n') // the next file begins a new word
			c.files++
			if len(c.text) >= chunkBytes && !full() {
				return errEnough
			}
			return nil
		case readErr != nil:
			return readErr
		}
		if len(c.text) >= chunkBytes {
			if !cut(c, full) {
				return errEnough
			}
		}
	}
}

// cut gives the text up to its last word boundary away and keeps the rest. Without one nothing happens yet.
func cut(c *chunk, full func() bool) bool {
	at := boundary(c.text)
	if at == 0 {
		return true
	}
	rest := append(make([]byte, 0, chunkBytes+chunkBytes/8), c.text[at:]...)
	c.text = c.text[:at]
	c.bytes -= int64(len(rest))
	ok := full()
	c.text, c.bytes = rest, int64(len(rest))
	return ok
}

// boundary gives the end of the last rune that is in no word, 0 if there is none. A rune that may not be whole yet is not looked at.
func boundary(text []byte) int {
	end := len(text)
	for i := 1; i <= min(utf8.UTFMax, end); i++ {
		if utf8.RuneStart(text[end-i]) {
			if !utf8.FullRune(text[end-i:]) {
				end -= i
			}
			break
		}
	}
	for end > 0 {
		r, n := utf8.DecodeLastRune(text[:end])
		if !inWord(r) {
			return end
		}
		end -= n
	}
	return 0
}
