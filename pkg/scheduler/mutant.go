package scheduler

// mistake is one that tests must find. A build with the tag mutant_NAME (go test -tags mutant_tie) makes exactly one of them; in every real
// build mutant is the constant none, so that the compiler drops what hangs on it.
type mistake int

const (
	none            mistake = iota
	unweighted              // mutant_unweighted: shares are not divided by weights
	noMinimum               // mutant_no_minimum: minimums are not looked at
	parentQuota             // mutant_parent_quota: what a plan takes counts for the quota of the demand's own queue only
	avoidIgnored            // mutant_avoid: avoided workers are as good as others
	apartForgets            // mutant_apart: what this plan took is not kept apart
	gangInPart              // mutant_gang: a gang takes what fits
	reservationOpen         // mutant_reservation: reserved workers serve everybody
	quotaWakeMissed         // mutant_quota_wake: room in a quota wakes nobody
	spreadsTwo              // mutant_spread: spread deals two at a time
	memoryByCores           // mutant_memory_order: orders by memory go by cores
	tieReversed             // mutant_tie: the last name comes first among equals
	triesIgnored            // mutant_tries: each reservation keeps the same workers as the one before
	growsAtOnce             // mutant_grow: a growing executor takes all cores of its worker in one turn
)
