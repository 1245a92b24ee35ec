package status

import (
	"slices"
	"sort"

	"github.com/musterproject/muster/pkg/deploy"
)

// table keeps the rows of one kind, by id and in order. The order is a list of short sorted blocks: a change moves the pointers of one block.
type table struct {
	byID   map[string]*entry
	blocks [][]*entry // none empty; sorted by compareIDs within and across
}

type entry struct {
	id  string
	row deploy.Row // never changed in place
}

const blockSize = 512 // entries; a full block is split in two

func newTable() *table { return &table{byID: map[string]*entry{}} }

// put sets a row and gives the one before, nil if it is new.
func (t *table) put(id string, row deploy.Row) (old deploy.Row) {
	if e := t.byID[id]; e != nil {
		old, e.row = e.row, row
		return old
	}
	e := &entry{id, row}
	t.byID[id] = e
	if len(t.blocks) == 0 {
		t.blocks = append(t.blocks, []*entry{e})
		return nil
	}
	b := max(t.blockOf(id), 0)
	at := position(t.blocks[b], id)
	block := slices.Insert(t.blocks[b], at, e)
	t.blocks[b] = block
	if len(block) >= blockSize {
		half := blockSize / 2
		if b == len(t.blocks)-1 && at == len(block)-1 {
			half = blockSize - 1 // new ids mostly come last: leave full blocks behind
		}
		t.blocks = slices.Insert(t.blocks, b+1, append(make([]*entry, 0, blockSize), block[half:]...))
		clear(block[half:])
		t.blocks[b] = block[:half]
	}
	return nil
}

// remove takes a row out and gives it, nil if there was none.
func (t *table) remove(id string) (old deploy.Row) {
	e := t.byID[id]
	if e == nil {
		return nil
	}
	delete(t.byID, id)
	b := t.blockOf(id)
	at := position(t.blocks[b], id)
	t.blocks[b] = slices.Delete(t.blocks[b], at, at+1)
	if len(t.blocks[b]) == 0 {
		t.blocks = slices.Delete(t.blocks, b, b+1)
	}
	return e.row
}

// get gives the row of an id, nil if there is none. There is no table of an unknown kind.
func (t *table) get(id string) deploy.Row {
	if t == nil || t.byID[id] == nil {
		return nil
	}
	return t.byID[id].row
}

// blockOf gives the last block that begins at id or before; -1 if all begin behind it.
func (t *table) blockOf(id string) int {
	return sort.Search(len(t.blocks), func(i int) bool { return compareIDs(t.blocks[i][0].id, id) > 0 }) - 1
}

// position gives where id stands in a block, or would.
func position(block []*entry, id string) int {
	return sort.Search(len(block), func(i int) bool { return compareIDs(block[i].id, id) >= 0 })
}

// walk gives entries behind the id after, or from it on if from is set, until visit says stop.
func (t *table) walk(after string, from bool, visit func(*entry) bool) {
	if t == nil || len(t.blocks) == 0 {
		return
	}
	b := max(t.blockOf(after), 0)
	at := position(t.blocks[b], after)
	if at < len(t.blocks[b]) && t.blocks[b][at].id == after && !from {
		at++
	}
	for ; b < len(t.blocks); b, at = b+1, 0 {
		for _, e := range t.blocks[b][at:] {
			if !visit(e) {
				return
			}
		}
	}
}
