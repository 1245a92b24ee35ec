package recovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// The names of the records that are not changes.
const (
	headKey    = "head"
	quarantine = "quarantine/" // epoch and key follow: what could not be read, kept for people
)

// kinds is the closed set of records, and the first part of their keys.
var kinds = [...]struct {
	kind kind
	name string
}{
	{kindWorker, "worker"},
	{kindApp, "app"},
	{kindDriver, "driver"},
	{kindBlock, "block"},
	{kindAnswer, "answer"},
}

func (k kind) String() string {
	if i := k.index(); i >= 0 {
		return kinds[i].name
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// index gives the place in kinds, or -1.
func (k kind) index() int {
	if k < kindWorker || k > kindAnswer {
		return -1
	}
	return int(k - kindWorker)
}

// kindOfKey reads the kind off a key: 0 if it is none of ours.
func kindOfKey(key string) kind {
	name, _, ok := strings.Cut(key, "/")
	for _, k := range kinds {
		if ok && k.name == name {
			return k.kind
		}
	}
	return 0
}

// kindOf tells what a change is about, and whether it puts or drops.
func kindOf(c deploy.Change) (k kind, put bool) {
	switch c.(type) {
	case deploy.PutWorker:
		return kindWorker, true
	case deploy.DropWorker:
		return kindWorker, false
	case deploy.PutApp:
		return kindApp, true
	case deploy.DropApp:
		return kindApp, false
	case deploy.PutDriver:
		return kindDriver, true
	case deploy.DropDriver:
		return kindDriver, false
	case deploy.PutBlock:
		return kindBlock, true
	case deploy.PutAnswer:
		return kindAnswer, true
	case deploy.DropAnswer:
		return kindAnswer, false
	}
	return 0, false
}

// encoder appends records to a buffer that it keeps.
type encoder struct {
	buf  []byte
	json *json.Encoder // writes to the encoder itself
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(e)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) Write(p []byte) (int, error) {
	e.buf = append(e.buf, p...)
	return len(p), nil
}

// appendChange appends the record of a Put; head holds all of its envelope but the payload. An error appends nothing.
func (e *encoder) appendChange(head *envelope, c deploy.Change) error {
	start := len(e.buf)
	e.buf = appendHeader(e.buf, head)
	err := e.json.Encode(c)
	if payload := e.buf[start+headerBytes:]; err == nil && replacesBytes(payload) {
		err = errors.New("a text in it is not UTF-8 and could not be read back")
	}
	if err != nil {
		e.buf = e.buf[:start]
		return fmt.Errorf("encode %s: %w: %w", c.Key(), deploy.ErrInvalid, err)
	}
	e.buf = sealEnvelope(e.buf[:len(e.buf)-1], start) // without the newline that ends each value of a json.Encoder
	return nil
}

// appendHead appends the head record.
func (e *encoder) appendHead(head *envelope, l *ledger) {
	start := len(e.buf)
	e.buf = sealEnvelope(l.appendTo(appendHeader(e.buf, head)), start)
}

// replacesBytes tells whether JSON text holds the escape that stands for a byte that is not UTF-8; a genuine U+FFFD is written as itself, and
// a backslash before ufffd is written as two.
func replacesBytes(text []byte) bool {
	if !bytes.Contains(text, []byte(`\ufffd`)) {
		return false // nearly always
	}
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(text[i:], []byte(`\ufffd`)) {
			return true
		}
		i++ // an escape is two bytes at least
	}
	return false
}

// decodeChange reads the payload of a record and checks that it belongs under key.
func decodeChange(key string, e *envelope) (deploy.Change, error) {
	var c deploy.Change
	var err error
	switch e.kind {
	case kindWorker:
		c, err = decodeAs[deploy.PutWorker](e.payload)
	case kindApp:
		c, err = decodeAs[deploy.PutApp](e.payload)
	case kindDriver:
		c, err = decodeAs[deploy.PutDriver](e.payload)
	case kindBlock:
		c, err = decodeAs[deploy.PutBlock](e.payload)
	case kindAnswer:
		c, err = decodeAs[deploy.PutAnswer](e.payload)
	default:
		return nil, fmt.Errorf("it is of an unknown %s", e.kind)
	}
	if err != nil {
		return nil, fmt.Errorf("its payload cannot be read: %w", err)
	}
	if held := c.Key(); held != key {
		return nil, fmt.Errorf("swapped: it is the record of %q", held)
	}
	return c, nil
}

func decodeAs[C deploy.Change](payload []byte) (deploy.Change, error) {
	var c C
	err := json.Unmarshal(payload, &c)
	return c, err
}
