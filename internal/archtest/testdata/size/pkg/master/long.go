package master //want:here long.go has 24 lines, a file stays under 24

func short() int {
	n := 1
	n++
	return n
}

func long() int { //want:here long has 6 lines, a function stays under 6
	n := 1
	n++
	n++
	return n
}

type t struct{}

func (t) method() { //want:here method has 7 lines
	short()
	short()
	short()
	short()
	long()
}
