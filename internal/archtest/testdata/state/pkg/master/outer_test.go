package master_test

var table = []int{1}

func TestOwn() { table[0] = 2 }
