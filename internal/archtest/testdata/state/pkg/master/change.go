package master

func change(names map[string]int) {
	names["b"] = 2
	table[0]++ //want:here table is a package-level variable and is changed here
	count = 1  //want:here count is a package-level variable and is changed here
	table := table
	table[1] = 2
	for count = range 3 { //want:here count is
	}
	p := &pattern //want:here pattern is
	_ = p
	_ = hook()
}

func drop(key string) {
	delete(names, key) //want:here names is
}
