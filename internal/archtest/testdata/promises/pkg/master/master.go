package master

// TODO: later //want:here "TODO"

// This is a stub. //want:here "stub"

func run() string {
	// good enough for now //want:here "for now"
	// stubborn, and for nowhere
	return "not implemented" //want:here promises what does not stand
}
