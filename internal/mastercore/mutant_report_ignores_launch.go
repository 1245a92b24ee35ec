//go:build mutant_report_ignores_launch

package mastercore

const (
	mutantReportIgnoresLaunch         = true
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = false
	mutantLeaseIgnored                = false
	mutantAnswerForgotten             = false
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = false
	mutantHalfGang                    = false
	mutantReservationForgotten        = false
)
