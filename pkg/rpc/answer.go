package rpc

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Answered gives a caller what a server's answer means: what was asked for, a Fault, or *NotLeader.
func Answered(req, answer deploy.Message) (deploy.Message, error) {
	switch a := answer.(type) {
	case deploy.Refused:
		if a.Fault.Kind != nil {
			return nil, a.Fault
		}
	case deploy.Standby:
		return nil, &NotLeader{Standby: a}
	}
	if answers(req, answer) {
		return answer, nil
	}
	return nil, fmt.Errorf("%T was answered with %T, which says nothing: %w", req, answer, deploy.ErrInvalid)
}

// answers tells whether answer is of the kind that req asks for.
func answers(req, answer deploy.Message) (ok bool) {
	switch req.(type) {
	case deploy.Explain:
		_, ok = answer.(deploy.Explanation)
	case deploy.Plan:
		_, ok = answer.(deploy.Outlook)
	default:
		_, ok = answer.(deploy.Accepted)
	}
	return ok
}
