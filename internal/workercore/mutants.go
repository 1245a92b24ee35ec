package workercore

// The mutants are mistakes that were once made in cluster managers, built in by a tag to prove that the simulator finds them.
// Without a tag all are false and cost nothing.
const (
	mutantStaleEpochObeyed      = mutant == "stale_epoch"      // an earlier leader than one already seen is obeyed
	mutantOldSessionObeyed      = mutant == "old_session"      // an order of a session that was replaced is obeyed
	mutantDuplicateLaunchStarts = mutant == "duplicate_launch" // an order heard twice starts two processes
	mutantKillTombstoneLost     = mutant == "kill_tombstone"   // a kill that comes before the process is forgotten
	mutantInventoryIncomplete   = mutant == "inventory"        // ends that nobody has acknowledged are left out of the inventory
)
