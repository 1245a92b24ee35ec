//go:build mutant_lease_ignored

package mastercore

const (
	mutantReportIgnoresLaunch         = false
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = false
	mutantLeaseIgnored                = true
	mutantAnswerForgotten             = false
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = false
	mutantHalfGang                    = false
	mutantReservationForgotten        = false
)
