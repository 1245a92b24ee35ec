package recovery

import (
	"context"
	"errors"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Journal keeps the changes of one term. It belongs to one goroutine at a time.
//
// Append numbers changes from where the last term stopped and makes them durable in order; what it was cut into, each with a head of its own,
// are legal states, since every prefix of a sequence of changes is. After an error of Append or Verify the outcome is unknown and the Journal
// is over: all that follows gets the same error, and the next term reads what is true.
type Journal struct {
	mode    *Mode
	cluster deploy.ClusterID
	epoch   deploy.Epoch
	seq     uint64            // of the last mutation
	live    map[string]uint64 // key of each stored record to its number
	ledger  ledger            // of live
	over    error             // why nothing more can be done

	enc   *encoder
	batch []pending
	at    map[string]int // key to place in batch
	size  int            // bytes of batch
	out   []Mutation
}

// pending is a mutation of the batch being made; its bytes are enc.buf[from:to], none for a deletion.
type pending struct {
	key      string
	from, to int
	raw      []byte // instead of enc.buf, for what is set aside
}

// Append makes changes durable, in order.
func (j *Journal) Append(ctx context.Context, changes []deploy.Change) error {
	if j.over != nil {
		return j.over
	}
	first := j.seq + 1
	if err := j.append(ctx, changes); err != nil {
		return j.end(fmt.Errorf("append to %s from number %d in epoch %d: %w", j.mode.Name, first, j.epoch, err))
	}
	return nil
}

func (j *Journal) append(ctx context.Context, changes []deploy.Change) error {
	j.reset()
	for _, c := range changes {
		err := j.take(c)
		if errors.Is(err, errFull) {
			if err = j.flush(ctx); err == nil {
				err = j.take(c)
			}
		}
		if err != nil {
			return err
		}
	}
	if len(j.batch) == 0 {
		return nil
	}
	return j.flush(ctx)
}

// Verify asks the engine whether this epoch still holds.
func (j *Journal) Verify(ctx context.Context) error {
	if j.over != nil {
		return j.over
	}
	if err := j.mode.Engine.Apply(ctx, j.epoch, nil); err != nil {
		return j.end(fmt.Errorf("verify epoch %d of %s: %w", j.epoch, j.mode.Name, err))
	}
	return nil
}

// Close ends the Journal. The engine stays open for the next term; the Mode's opener closes it.
func (j *Journal) Close() error {
	if j.over == nil {
		j.over = fmt.Errorf("journal of epoch %d: %w", j.epoch, ErrClosed)
	}
	j.live, j.enc, j.batch, j.at, j.out = nil, nil, nil, nil, nil
	return nil
}

func (j *Journal) end(why error) error {
	j.over = why
	return why
}

// take adds a change to the batch, or returns errFull if the batch must go first.
func (j *Journal) take(c deploy.Change) error {
	k, put := kindOf(c)
	if k == 0 {
		return fmt.Errorf("change %T: %w: no record is known for it", c, deploy.ErrInvalid)
	}
	key := c.Key()
	old, stored := j.live[key]
	if !put && !stored {
		return nil // nothing to delete
	}
	p := pending{key: key, from: len(j.enc.buf)}
	if put {
		head := j.envelope(k, j.seq+1)
		if err := j.enc.appendChange(&head, c); err != nil {
			return err
		}
	}
	p.to = len(j.enc.buf)
	if err := j.fits(&p); err != nil {
		return err
	}
	j.push(p)
	j.seq++
	t := &j.ledger[k.index()]
	if stored {
		t.remove(key, old)
		delete(j.live, key)
	}
	if put {
		t.add(key, j.seq)
		j.live[key] = j.seq
	}
	return nil
}

func (j *Journal) envelope(k kind, seq uint64) envelope {
	return envelope{kind: k, cluster: j.cluster, epoch: j.epoch, seq: seq}
}
