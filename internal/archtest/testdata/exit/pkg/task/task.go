package task

import (
	"log"
	quit "os"
)

func stop(os struct{ Exit func(int) }) {
	quit.Exit(1)       //want:here os.Exit outside a program
	log.Fatalln("bye") //want:here log.Fatalln outside a program
	os.Exit(1)
}
