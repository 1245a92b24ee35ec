package recoverytest

import "time"

func wait() { time.Sleep(time.Second) } //want:here a test sleeps
