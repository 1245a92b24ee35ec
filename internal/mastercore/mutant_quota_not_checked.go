//go:build mutant_quota_not_checked

package mastercore

const (
	mutantReportIgnoresLaunch         = false
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = false
	mutantLeaseIgnored                = false
	mutantAnswerForgotten             = false
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = true
	mutantHalfGang                    = false
	mutantReservationForgotten        = false
)
