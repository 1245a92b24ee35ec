package scheduler

import (
	"fmt"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// By is the order in which workers are tried. A descending order is the ascending one reversed, ids included.
type By uint8

// The orders. What is free comes first, the worker's id decides between equals. In the two by memory, 4 PiB and more are equal.
const (
	ByCoresFreeDesc By = iota
	ByCoresFreeAsc
	ByMemoryFreeDesc
	ByMemoryFreeAsc
	ByWorkerID
)

var byNames = []string{"CORES_FREE_DESC", "CORES_FREE_ASC", "MEMORY_FREE_DESC", "MEMORY_FREE_ASC", "WORKER_ID"}

// String gives the word used in configuration.
func (b By) String() string {
	if int(b) < len(byNames) {
		return byNames[b]
	}
	return fmt.Sprintf("By(%d)", b)
}

// MarshalText writes the word.
func (b By) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the word, in any case.
func (b *By) UnmarshalText(text []byte) error {
	for i, name := range byNames {
		if strings.EqualFold(name, string(text)) {
			*b = By(i)
			return nil
		}
	}
	return fmt.Errorf("worker selection %q: %w: write one of %s", text, deploy.ErrInvalid, strings.Join(byNames, ", "))
}
