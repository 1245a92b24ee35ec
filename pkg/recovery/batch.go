package recovery

import (
	"context"
	"errors"
	"fmt"
)

// errFull says that a batch must be applied before the next mutation fits.
var errFull = errors.New("batch full")

const (
	headBytes = headerBytes + len(kinds)*tallyBytes + sumBytes
	keptBytes = 1 << 20 // the buffer kept from one Append to the next
)

// size is what a mutation adds to a batch.
func (p *pending) size() int { return len(p.key) + p.to - p.from + len(p.raw) }

// reset begins an empty batch.
func (j *Journal) reset() {
	if cap(j.enc.buf) > keptBytes {
		j.enc.buf = nil
	}
	j.enc.buf = j.enc.buf[:0]
	clear(j.batch)
	clear(j.out)
	clear(j.at)
	j.batch, j.out, j.size = j.batch[:0], j.out[:0], 0
}

// fits checks p against the engine's limits: ErrLimit if it never fits, errFull if not in this batch. The head goes with every batch.
func (j *Journal) fits(p *pending) error {
	lim := &j.mode.Limits
	if size := p.size() - len(p.key); lim.RecordBytes > 0 && size > lim.RecordBytes {
		return fmt.Errorf("record %q of %d bytes: %w: %s takes %d in one record", p.key, size, ErrLimit, j.mode.Name, lim.RecordBytes)
	}
	const head = len(headKey) + headBytes
	if lim.BatchBytes > 0 && p.size()+head > lim.BatchBytes {
		return fmt.Errorf("record %q of %d bytes: %w: %s takes %d in one batch, %d of them for the head", p.key, p.size(), ErrLimit, j.mode.Name, lim.BatchBytes, head)
	}
	ops, bytes := len(j.batch)+2, j.size+p.size()+head
	if i, again := j.at[p.key]; again {
		ops, bytes = ops-1, bytes-j.batch[i].size()
	}
	if lim.BatchOps > 0 && ops > lim.BatchOps || lim.BatchBytes > 0 && bytes > lim.BatchBytes {
		return errFull
	}
	return nil
}

// push adds p; a batch is all or nothing, so that of one key only the last mutation counts.
func (j *Journal) push(p pending) {
	j.size += p.size()
	if i, again := j.at[p.key]; again {
		j.size -= j.batch[i].size()
		j.batch[i] = p
		return
	}
	j.at[p.key] = len(j.batch)
	j.batch = append(j.batch, p)
}

// flush applies the batch and the head that goes with it.
func (j *Journal) flush(ctx context.Context) error {
	headFrom := len(j.enc.buf)
	head := j.envelope(kindHead, j.seq)
	j.enc.appendHead(&head, &j.ledger)
	for i := range j.batch {
		p := &j.batch[i]
		m := Mutation{Key: p.key, Value: p.raw}
		if p.to > p.from {
			m.Value = j.enc.buf[p.from:p.to:p.to]
		}
		j.out = append(j.out, m)
	}
	j.out = append(j.out, Mutation{Key: headKey, Value: j.enc.buf[headFrom:]})
	err := j.mode.Engine.Apply(ctx, j.epoch, j.out)
	j.reset()
	return err
}

// checkLimits refuses limits under which a head and one record never fit together.
func checkLimits(lim Limits) error {
	switch {
	case lim.BatchOps == 1:
		return fmt.Errorf("limit of 1 mutation in one batch: %w: 2 are the least, for a record and the head", ErrLimit)
	case lim.RecordBytes > 0 && lim.RecordBytes < headBytes:
		return fmt.Errorf("limit of %d bytes in one record: %w: the head has %d", lim.RecordBytes, ErrLimit, headBytes)
	case lim.BatchBytes > 0 && lim.BatchBytes < len(headKey)+headBytes:
		return fmt.Errorf("limit of %d bytes in one batch: %w: the head has %d", lim.BatchBytes, ErrLimit, len(headKey)+headBytes)
	}
	return nil
}
