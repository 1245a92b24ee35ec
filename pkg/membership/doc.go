// Package membership gives hints about who is alive. Decisions stay with the deciding core: a hint never kills, launches or elects.
//
//	detector (gossip, a fixed list) --Member--> Members, Watch --hint--> the core's own deadlines
//
//	membership.go  the contract: Membership, Member, Event
//	static.go      Static: a list that somebody wrote down; it detects nothing
package membership
