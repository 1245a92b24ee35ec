package master

func TestX() {}
