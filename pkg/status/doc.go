// Package status is the read model: rows by id, watched and paged, for the command line, pages and APIs. It never asks the deciding core;
// the core's runtime feeds it absolute rows once they are durable.
//
//	committer --Apply(rows)--> Store --Get, List, Counts, History--> readers
//	                             `--Watch--> the present rows, then the newest of what changed
//
// One lock, never held for longer than a bounded number of rows: a reader of a large table lets the writer in between. A change costs the same
// in a small table and a large one. A slow watcher costs the writer nothing: what waits for it is the set of keys that changed, not the changes.
//
//	store.go    Store: Apply, Get, Count, Reset
//	table.go    the rows of one kind, in order
//	order.go    the order: digits read as numbers
//	list.go     Query, Page, List
//	watch.go    Watch
//	census.go   Counts
//	history.go  the last decisions about an application or driver
package status
