package proclauncher

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// coder writes or reads the fields of a message, one after the other: one description of a message serves both ways.
//
// Integers are varints, texts have their length before them, lists their number, times are nanoseconds since 1970 or 0. A field that a shorter
// message does not have is read as zero, and what follows the last known one is left out, so that worker and keeper of neighbouring versions
// understand each other as long as fields are only ever added at the end.
type coder struct {
	reading bool
	buf     []byte // written so far, or left to read
	err     error
}

func (c *coder) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("frame: %s: %w", what, deploy.ErrInvalid)
	}
	c.buf = nil
}

func num[T ~int | ~int32 | ~int64 | ~uint8 | ~uint64](c *coder, p *T) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, int64(*p))
		return
	}
	*p = 0
	if len(c.buf) == 0 {
		return
	}
	v, n := binary.Varint(c.buf)
	if n <= 0 {
		c.fail("a number does not end")
		return
	}
	c.buf, *p = c.buf[n:], T(v)
}

func (c *coder) flag(p *bool) {
	var v uint8
	if *p {
		v = 1
	}
	num(c, &v)
	*p = v != 0
}

func (c *coder) text(p *string) {
	size := len(*p)
	num(c, &size)
	if !c.reading {
		c.buf = append(c.buf, *p...)
		return
	}
	if size < 0 || size > len(c.buf) {
		c.fail("a text is longer than its frame")
		size = 0
	}
	*p, c.buf = string(c.buf[:size]), c.buf[size:]
}

func (c *coder) time(p *time.Time) {
	var v int64
	if !p.IsZero() {
		v = p.UnixNano()
	}
	if num(c, &v); c.reading {
		if *p = (time.Time{}); v != 0 {
			*p = time.Unix(0, v)
		}
	}
}

func (c *coder) digest(p *digest) {
	if !c.reading {
		c.buf = append(c.buf, p[:]...)
		return
	}
	c.buf = c.buf[copy(p[:], c.buf):]
}

// list has elements of least bytes or more: so no number makes a reader take more memory than what came is worth.
func list[T any](c *coder, p *[]T, least int, each func(*coder, *T)) {
	size := len(*p)
	num(c, &size)
	if c.reading {
		if size < 0 || size > len(c.buf)/least {
			c.fail("a list is longer than its frame")
			size = 0
		}
		*p = grown(*p, size)
	}
	for i := range *p {
		each(c, &(*p)[i])
	}
}

// grown gives a list of zeros, in the memory of the old one if it suffices; nil for none.
func grown[T any](old []T, size int) []T {
	if size == 0 && cap(old) == 0 {
		return nil
	}
	if cap(old) < size || size > math.MaxInt/2 {
		return make([]T, size)
	}
	clear(old[:size])
	return old[:size]
}

func text(c *coder, p *string) { c.text(p) }

func launchOf(c *coder, p *deploy.LaunchID) {
	num(c, &p.Epoch)
	num(c, &p.Seq)
}

func exitOf(c *coder, p *deploy.Exit) {
	num(c, &p.Code)
	num(c, &p.Signal)
	c.flag(&p.OOM)
}

func (o *order) code(c *coder) {
	launchOf(c, &o.Launch)
	c.digest(&o.Digest)
	c.text(&o.Owner)
	c.text(&o.Dir)
	c.text(&o.Program)
	list(c, &o.Args, 1, text)
	list(c, &o.Env, 2, func(c *coder, v *deploy.EnvVar) {
		c.text(&v.Name)
		c.text(&v.Value)
	})
	list(c, &o.Files, 3, func(c *coder, f *launcher.File) {
		c.text(&f.Source)
		c.text(&f.Name)
		c.flag(&f.Executable)
	})
	c.text(&o.Outputs.Stdout)
	c.text(&o.Outputs.Stderr)
	num(c, &o.Outputs.Rolling.By)
	num(c, &o.Outputs.Rolling.MaxBytes)
	num(c, &o.Outputs.Rolling.Every)
	num(c, &o.Outputs.Rolling.Retain)
	list(c, &o.Secrets, 2, func(c *coder, s *secret) {
		c.text(&s.Name)
		c.text(&s.Text)
	})
	c.text(&o.User)
	num(c, &o.Grace)
	num(c, &o.OrphanGrace)
}

const (
	leastEntry   = 14               // bytes: a zero in each field
	leastHolding = 13 + sha256.Size //
)

func codeEntry(c *coder, e *entry) {
	num(c, &e.Kind)
	num(c, &e.Cursor)
	launchOf(c, &e.Launch)
	c.time(&e.At)
	num(c, &e.PID)
	c.text(&e.Message)
	exitOf(c, &e.Exit)
	c.flag(&e.Killed)
	num(c, &e.Lived)
	num(c, &e.CPU)
	num(c, &e.RSS)
}

func codeHolding(c *coder, h *holding) {
	launchOf(c, &h.Handle.Launch)
	c.text(&h.Handle.Owner)
	num(c, &h.Handle.PID)
	num(c, &h.Handle.State)
	exitOf(c, &h.Handle.Exit)
	c.text(&h.Handle.Message)
	c.time(&h.Handle.StartedAt)
	c.time(&h.Handle.EndedAt)
	num(c, &h.Handle.Cursor)
	c.digest(&h.Digest)
	c.flag(&h.Durable)
}

func (i *image) code(c *coder) {
	list(c, &i.Held, leastHolding, codeHolding)
	list(c, &i.Entries, leastEntry, codeEntry)
	num(c, &i.Floor)
	num(c, &i.Newest)
}
