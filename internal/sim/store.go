package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

var (
	errFenced = errors.New("fenced by a newer epoch")
	errClaim  = errors.New("claim refused")
	errStore  = errors.New("store failed")
)

// store is what the masters share: records by key, and the highest epoch begun. It can be slow, fail, and do what it says it has not done.
type store struct {
	w       *World
	epoch   deploy.Epoch
	cluster deploy.ClusterID
	keys    []string // in the order of their first writing
	records map[string][]byte
	kinds   map[string]func([]byte) (deploy.Change, error)
	outage  bool
}

func newStore(w *World) *store {
	s := &store{w: w, records: map[string][]byte{}, kinds: map[string]func([]byte) (deploy.Change, error){}}
	s.cluster[0] = byte(w.seed) | 1
	return s
}

// access lets do happen after the store's latency on behalf of n, then answers n.
func (s *store) access(n *node, do func() error, answer func(error)) {
	w := s.w
	d := w.between(100*time.Microsecond, 2*time.Millisecond)
	if !w.healed && w.p.StoreSlow > 0 {
		d = w.between(time.Millisecond, w.p.StoreSlow)
	}
	boot := n.boot
	w.after(d/2, func() {
		err := s.try(n, do)
		w.after(d/2, func() { n.run(boot, func() { answer(err) }) })
	})
}

func (s *store) try(n *node, do func() error) error {
	w := s.w
	switch {
	case s.outage || w.offStore[n.index]:
		w.count("store out of reach")
		return errStore
	case !w.healed && w.chance(w.p.StoreFail):
		w.count("store access failed")
		return errStore
	}
	if err := do(); err != nil {
		return err
	}
	if !w.healed && w.chance(w.p.StoreLie) {
		w.count("store access failed after it was done")
		return errStore
	}
	return nil
}

// begin raises the epoch for whoever holds the ballot.
func (s *store) begin(m *master, answer func(deploy.Epoch, error)) {
	var epoch deploy.Epoch
	s.access(m.node, func() error {
		if s.w.ballot.holder != m {
			return errClaim
		}
		s.epoch++
		epoch = s.epoch
		return nil
	}, func(err error) { answer(epoch, err) })
}

// load gives every record to an epoch that is not fenced.
func (s *store) load(m *master, epoch deploy.Epoch, answer func([]deploy.Change, error)) {
	var saved []deploy.Change
	s.access(m.node, func() error {
		if epoch != s.epoch {
			return errFenced
		}
		for _, key := range s.keys {
			if text, ok := s.records[key]; ok {
				c, err := s.kinds[key](text)
				if err != nil {
					return fmt.Errorf("read %s: %w", key, err)
				}
				saved = append(saved, c)
			}
		}
		return nil
	}, func(err error) { answer(saved, err) })
}

// apply makes a batch durable. If the master dies meanwhile any prefix of it may have been: every prefix is a legal state.
func (s *store) apply(m *master, epoch deploy.Epoch, batch []deploy.Change, answer func(error)) {
	encoded := make([][]byte, len(batch))
	for i, c := range batch {
		encoded[i] = s.encode(c)
	}
	boot := m.boot
	s.access(m.node, func() error {
		if epoch != s.epoch {
			s.w.count("write of a deposed master fenced")
			return errFenced
		}
		n := len(batch)
		if m.boot != boot && n > 0 {
			n = s.w.rng.IntN(n + 1)
			s.w.count("batch cut by a crash")
		}
		for i := range n {
			s.put(batch[i], encoded[i])
		}
		return nil
	}, answer)
}

func (s *store) encode(c deploy.Change) []byte {
	switch c.(type) {
	case deploy.DropWorker, deploy.DropApp, deploy.DropDriver, deploy.DropAnswer:
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		s.w.fail("S20", "record %s cannot be written: %v", c.Key(), err)
	}
	return text
}

func (s *store) put(c deploy.Change, text []byte) {
	key := c.Key()
	if app, ended := c.(deploy.DropApp); ended {
		s.w.book.appEnds[app.ID] = s.epoch
	}
	if text == nil {
		delete(s.records, key)
		return
	}
	if _, known := s.kinds[key]; !known {
		s.keys = append(s.keys, key)
	} else if _, there := s.records[key]; !there {
		s.keys = append(slices.DeleteFunc(s.keys, func(k string) bool { return k == key }), key)
	}
	s.records[key] = text
	s.kinds[key] = decoderOf(c)
}

func decoderOf(c deploy.Change) func([]byte) (deploy.Change, error) {
	switch c.(type) {
	case deploy.PutWorker:
		return decode[deploy.PutWorker]
	case deploy.PutApp:
		return decode[deploy.PutApp]
	case deploy.PutDriver:
		return decode[deploy.PutDriver]
	case deploy.PutBlock:
		return decode[deploy.PutBlock]
	}
	return decode[deploy.PutAnswer]
}

func decode[C deploy.Change](text []byte) (deploy.Change, error) {
	var c C
	err := json.Unmarshal(text, &c)
	return c, err
}
