//go:build mutant_half_gang

package mastercore

const (
	mutantReportIgnoresLaunch         = false
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = false
	mutantLeaseIgnored                = false
	mutantAnswerForgotten             = false
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = false
	mutantHalfGang                    = true
	mutantReservationForgotten        = false
)
