//go:build mutant_answer_forgotten

package mastercore

const (
	mutantReportIgnoresLaunch         = false
	mutantKillFreesAtOnce             = false
	mutantDuplicateRegistrationResets = false
	mutantOldIncarnationAccepted      = false
	mutantLeaseIgnored                = false
	mutantAnswerForgotten             = true
	mutantExecutorNumbersReused       = false
	mutantQuotaNotChecked             = false
	mutantHalfGang                    = false
	mutantReservationForgotten        = false
)
