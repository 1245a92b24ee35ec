package master

func TestHook() {
	hook = nil //want:here hook is a package-level variable
}
