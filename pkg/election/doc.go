// Package election keeps at most one candidate leading.
//
//	Lead: campaign -> elected -> lead(ctx, term) -> resigned or lost -> rest -> campaign ...
//
// An agent elects; it does not fence. What makes two leaders harmless is the Claim, which the persistence engine checks when a term begins,
// and the epoch that comes of it. Gossip never elects.
package election
