package task

import (
	"bytes"
	"encoding/gob"
	"reflect"
	"testing"
	"time"
)

type point struct {
	X, Y float64
	Name string
	Tags []string
}

func through[T any](t *testing.T, v T) {
	t.Helper()
	c := codecOf[T]()
	b, err := c.encode(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.decode(b)
	if err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%#v comes back as %#v: %v", v, got, err)
	}
}

func TestCodecs(t *testing.T) {
	through(t, []byte("raw"))
	through(t, "text\xff")
	through(t, struct{}{})
	through(t, 7)
	through(t, point{X: 1, Name: "p", Tags: []string{"a"}})
	through(t, map[int]string{1: "one"})
	through(t, time.Unix(7, 9).UTC()) // by its own MarshalBinary
	through(t, []point{{X: 1}})
	if b, _ := codecOf[[]byte]().encode([]byte("raw")); string(b) != "raw" {
		t.Errorf("bytes become %q", b)
	}
}

// BenchmarkCodec compares what a small value costs there and back, alone in its message.
func BenchmarkCodec(b *testing.B) {
	v := point{X: 1.5, Y: 2.5, Name: "somewhere", Tags: []string{"a", "b"}}
	b.Run("json", func(b *testing.B) {
		c := codecOf[point]()
		b.ReportAllocs()
		for b.Loop() {
			text, err := c.encode(v)
			if err == nil {
				_, err = c.decode(text)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gob", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var buf bytes.Buffer
			var got point
			err := gob.NewEncoder(&buf).Encode(v)
			if err == nil {
				err = gob.NewDecoder(&buf).Decode(&got)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
