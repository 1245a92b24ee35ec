package recovery

import "io"

type Four interface {
	A()
	B()
	C()
	D()
	sealed()
}

type Five interface { //want:here interface Five has 5 methods, a contract's has at most 4
	Four
	io.Closer
}
