package master

import (
	"embed"
	"errors"
	"flag"
	"regexp"
	"sync"
	"sync/atomic"
)

var (
	// ErrGone is a sentinel.
	ErrGone = errors.New("gone")
	errWire = &wireError{}
	pattern = regexp.MustCompile("a+")
	table   = [...]int{1, 2, 3}
	names   = map[string]int{"a": 1}
	lazy    = sync.OnceValue(func() int { return 1 })
	pages   embed.FS
	_       = table
)

type wireError struct{}

var (
	count   int                         //want:here count has no value, so it can only be state
	cache   = make(map[string]int)      //want:here cache is made empty, to be filled
	current = &wireError{}              //want:here current points to something that can change
	lock    sync.Mutex                  //want:here lock is made to be shared
	pool    = sync.Pool{}               //want:here pool is made to be shared and changed
	flagged atomic.Bool                 //want:here flagged is made to be shared
	verbose = flag.Bool("v", false, "") //want:here verbose is a flag outside a program
	hook    = func() int { return 1 }
	Exposed = 1
)
