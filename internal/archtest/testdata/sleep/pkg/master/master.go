package master

import "time"

func rest() { time.Sleep(time.Second) }
