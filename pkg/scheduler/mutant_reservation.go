//go:build mutant_reservation

package scheduler

const mutant = reservationOpen
