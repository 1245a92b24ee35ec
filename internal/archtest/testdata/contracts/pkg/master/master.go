package master

type inner interface {
	A()
	B()
	C()
	D()
	E()
}
