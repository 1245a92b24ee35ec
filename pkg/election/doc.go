// Package election keeps at most one candidate leading.
//
//	Lead: campaign -> elected -> lead(ctx, term) -> resigned or lost -> rest -> campaign ...
//
// An agent elects; it does not fence. A candidate that is paused or cut off may believe for a while that it still leads. What makes two
// leaders harmless is the Claim, which the persistence engine checks when a term begins, and the epoch that comes of it. Gossip never elects.
//
//	agent.go     the contract: LeaderElectionAgent, Term, Claim, Rest
//	repeat.go    the loop that every agent runs: campaign, lead, rest
//	monarchy.go  one candidate, always elected
//	ballot.go    several candidates in one process, for tests and local clusters; leaders can be deposed and cut off
package election
