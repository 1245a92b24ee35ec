package master

import (
	_ "embed"
	_ "net/http/pprof" //want:here net/http/pprof is imported for its side effects
)

func init() {} //want:here init runs by being imported

type t struct{}

func (t) init() {}
