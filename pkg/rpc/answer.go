package rpc

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Answered gives a caller what a server's answer means: Accepted, a Fault, or *NotLeader.
func Answered(req, answer deploy.Message) (deploy.Accepted, error) {
	switch a := answer.(type) {
	case deploy.Accepted:
		return a, nil
	case deploy.Refused:
		if a.Fault.Kind != nil {
			return deploy.Accepted{}, a.Fault
		}
	case deploy.Standby:
		return deploy.Accepted{}, &NotLeader{Standby: a}
	}
	return deploy.Accepted{}, fmt.Errorf("%T was answered with %T, which says nothing: %w", req, answer, deploy.ErrInvalid)
}
