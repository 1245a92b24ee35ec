//go:build mutant_reservation_forgotten

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
	mutantHalfGang                    = false
	mutantReservationForgotten        = true
)
