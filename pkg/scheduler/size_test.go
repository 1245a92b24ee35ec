package scheduler

import "strconv"

func sizeName(n int) string { return strconv.Itoa(n/1000) + "k" }
