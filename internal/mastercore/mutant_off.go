//go:build !(mutant_report_ignores_launch || mutant_kill_frees_at_once || mutant_duplicate_registration_resets || mutant_old_incarnation_accepted || mutant_lease_ignored || mutant_answer_forgotten || mutant_executor_numbers_reused || mutant_quota_not_checked || mutant_half_gang || mutant_reservation_forgotten)

package mastercore

// Mistakes that tests must find. Each is a constant that is false in every real build, so the compiler drops what hangs on it. A build with
// the tag mutant_NAME (go test -tags mutant_lease_ignored) makes exactly one of them.
const (
	mutantReportIgnoresLaunch         = false // a report is applied to whatever its owner runs now
	mutantKillFreesAtOnce             = false // a kill frees resources before the process is gone
	mutantDuplicateRegistrationResets = false // a repeated registration empties the worker's books
	mutantOldIncarnationAccepted      = false // an older process of a worker takes over from a newer one
	mutantLeaseIgnored                = false // a lost driver starts again while its old attempt may live
	mutantAnswerForgotten             = false // a repeated request is carried out again
	mutantExecutorNumbersReused       = false // a new leader counts executors from 0 again
	mutantQuotaNotChecked             = false // a plan may give a queue more than its quota
	mutantHalfGang                    = false // a plan may start a part of a gang
	mutantReservationForgotten        = false // workers stay kept for who wants nothing any more
)
