// Package archtest keeps the house as it was drawn: it has tests only.
//
// The tests read every Go file of the module, without compiling anything, and compare it with the tables of
// floors_test.go:
//
//	floors_test.go   which package stands on which floor, who may import a peer, which third-party module has its
//	                 home where, what a program may not link
//	rules_test.go    the rules, by name; one file per family below
//	imports_test.go  floors, homes, pure, proof
//	shape_test.go    size, contracts, names
//	words_test.go    story, documented, promises
//	state_test.go    init, state, exit
//	waits_test.go    sleep, skip
//	deps_test.go     deps.txt, and what a program links (these two ask the go command)
//
//	pkg/master --floor 4--> pkg/recovery --floor 1--> pkg/deploy      downward: allowed
//	pkg/master --floor 4--> pkg/worker   --floor 4                    a peer: refused
//	internal/mastercore     --> context                               a core does no IO: refused
//
// A new package under pkg, internal or plugins gets one line in the table of rooms. A new dependency gets one line in
// the table of homes, and deps.txt is written anew by
//
//	go test ./internal/archtest -run TestDependencies -update
//
// Each rule is itself tested: testdata/<rule> is a small tree in which every line that breaks the rule ends with
// //want:here and a part of the sentence that must be reported, and no other line may be reported.
package archtest
