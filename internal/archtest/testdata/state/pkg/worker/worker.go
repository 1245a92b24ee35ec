package worker

import "github.com/musterproject/muster/pkg/master"

func change() { master.Exposed = 2 } //want:here Exposed is a package-level variable
