package recoverytest

import (
	"bytes"
	"fmt"

	"github.com/musterproject/muster/pkg/recovery"
)

const large = 10 << 20 // bytes

func largeRecord(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	size := large
	for _, limit := range []int{m.Limits.RecordBytes, m.Limits.BatchBytes - len("large")} {
		if limit > 0 {
			size = min(size, limit)
		}
	}
	value := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
	o.apply(m, epoch, recovery.Mutation{Key: "large", Value: value})
	o.close(m)
	m = o.open()
	epoch = o.begin(m)
	o.holds(o.load(m, epoch), map[string][]byte{"large": value})
	if limit := m.Limits.RecordBytes; limit > 0 && limit < large {
		over := []recovery.Mutation{put("beside", "1"), {Key: "over", Value: make([]byte, limit+1)}}
		o.gets(fmt.Sprintf("apply a record of %d bytes", limit+1), m.Engine.Apply(o.Context(), epoch, over), recovery.ErrLimit)
		o.holds(o.load(m, o.begin(m)), map[string][]byte{"large": value})
	}
}

// bigBatch fills a batch to the limits.
func bigBatch(o *opened) {
	const key, bytesEach = "batch/%08d", 14 + 100
	m := o.open()
	epoch := o.begin(m)
	n := 10_000
	if ops := m.Limits.BatchOps; ops > 0 {
		n = min(n, ops)
	}
	if total := m.Limits.BatchBytes; total > 0 {
		n = min(n, total/bytesEach)
	}
	batch, want := make([]recovery.Mutation, n), map[string][]byte{}
	for i := range batch {
		batch[i] = recovery.Mutation{Key: fmt.Sprintf(key, i), Value: bytes.Repeat([]byte{byte(i)}, 100)}
		want[batch[i].Key] = batch[i].Value
	}
	o.apply(m, epoch, batch...)
	o.close(m)
	m = o.open()
	o.holds(o.load(m, o.begin(m)), want)
}

func manyRecords(o *opened) {
	n := o.store.Many
	if n == 0 {
		n = 100_000
	}
	m := o.open()
	epoch := o.begin(m)
	step := 500
	if ops := m.Limits.BatchOps; ops > 0 {
		step = min(step, ops)
	}
	want := map[string][]byte{}
	var batch []recovery.Mutation
	for i := range n {
		batch = append(batch, put(fmt.Sprintf("many/%d", i), fmt.Sprintf("value %d", i*i)))
		want[batch[len(batch)-1].Key] = batch[len(batch)-1].Value
		if len(batch) == step || i == n-1 {
			o.apply(m, epoch, batch...)
			batch = batch[:0]
		}
	}
	o.close(m)
	m = o.open()
	o.holds(o.load(m, o.begin(m)), want)
}
