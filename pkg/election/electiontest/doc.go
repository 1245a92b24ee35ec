// Package electiontest holds every election agent to the contract of package election.
//
//	func TestAgent(t *testing.T) {
//		electiontest.Run(t, electiontest.Election{Bubble: true, Agents: func(t *testing.T, n int) []election.LeaderElectionAgent {
//			...
//		}})
//	}
//
// An agent of this process runs in a bubble of virtual time, where a goroutine that is left over fails the case. One that talks to a real
// service runs in real time and is given Patience.
//
//	suite.go      Election, Run
//	candidate.go  a candidate under test: its terms, and when they end
//	cases.go      what is held to
package electiontest
