//go:build mutant_old_incarnation_accepted

package mastercore

const (
	mutantReportIgnoresLaunch         = false
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = true
	mutantLeaseIgnored                = false
	mutantAnswerForgotten             = false
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = false
	mutantHalfGang                    = false
	mutantReservationForgotten        = false
)
