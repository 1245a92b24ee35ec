package master

func TestLong() {
	short()
	short()
	short()
	short()
	short()
}
