package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const mostQueues = 4096

// QueueTree completes a list of queues: the root and parents that nobody has written come into being with weight 1 and no limits. The result is
// sorted by path, so the root is the first and parents come before children. All faults are told together.
func QueueTree(list []Queue) ([]Queue, error) {
	if len(list) > mostQueues {
		return nil, fmt.Errorf("%d queues; use at most %d: %w", len(list), mostQueues, ErrInvalid)
	}
	tree := slices.Clone(list)
	var faults []error
	known := map[string]bool{}
	for i := range list {
		q := &list[i]
		if err := q.Check(); err != nil {
			faults = append(faults, err)
			continue
		}
		if known[q.Name] {
			faults = append(faults, fmt.Errorf("queue %q is there twice; keep one: %w", q.Name, ErrInvalid))
		}
		known[q.Name] = true
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for i := range list {
		for path := list[i].Name; path != ""; {
			path = path[:max(0, strings.LastIndexByte(path, '.'))]
			if !known[path] {
				known[path] = true
				tree = append(tree, Queue{Name: path, Weight: 1})
			}
		}
	}
	if !known[""] {
		tree = append(tree, Queue{Weight: 1})
	}
	slices.SortFunc(tree, func(a, b Queue) int { return cmp.Compare(a.Name, b.Name) })
	return tree, nil
}

// FindQueue gives the place of a queue in what QueueTree has made.
func FindQueue(tree []Queue, path string) (int, bool) {
	return slices.BinarySearchFunc(tree, path, func(q Queue, path string) int { return cmp.Compare(q.Name, path) })
}

// CheckQueueKnown accepts the path of a queue of the tree, and of one that may come into being below a dynamic one; what names the owner in the
// error.
func CheckQueueKnown(what string, tree []Queue, path string) error {
	if err := CheckQueuePath(what+": queue", path); err != nil {
		return err
	}
	if _, known := FindQueue(tree, path); known {
		return nil
	}
	q := Queue{Name: path}
	if i, known := FindQueue(tree, q.Parent()); known && tree[i].Dynamic {
		return nil
	}
	names := make([]string, 0, len(tree))
	for i := range tree {
		if tree[i].Name != "" {
			names = append(names, tree[i].Name)
		}
	}
	return fmt.Errorf("%s: queue %s: %w: %s", what, quoted(path), ErrNotFound, queueHint(path, names))
}

// queueHint says which queues there are, as far as it helps.
func queueHint(path string, names []string) string {
	const listed = 10
	if near, ok := Suggest(path, names); ok {
		return "did you mean " + near + "?"
	}
	switch {
	case len(names) == 0:
		return "no queues are configured; leave it away, or set scheduler.queue." + path + ".weight at the master"
	case len(names) > listed:
		return fmt.Sprintf("there are %s and %d more", strings.Join(names[:listed], ", "), len(names)-listed)
	}
	return "there are " + strings.Join(names, ", ")
}
