package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// TestEnumsAreThoseOfDeploy holds numbers to words: a state put in the middle of a list would shift every one behind it.
func TestEnumsAreThoseOfDeploy(t *testing.T) {
	states := func(s ...fmt.Stringer) []fmt.Stringer { return s }
	for _, c := range []struct {
		enum   protoreflect.EnumType
		values []fmt.Stringer
		beyond fmt.Stringer
	}{
		{pb.MasterState(0).Type(), states(deploy.MasterStandby, deploy.MasterRecovering, deploy.MasterCompletingRecovery, deploy.MasterAlive), deploy.MasterState(4)},
		{pb.WorkerState(0).Type(), sequence[deploy.WorkerState](5), deploy.WorkerState(5)},
		{pb.AppState(0).Type(), sequence[deploy.AppState](6), deploy.AppState(6)},
		{pb.DriverState(0).Type(), sequence[deploy.DriverState](8), deploy.DriverState(8)},
		{pb.ExecutorState(0).Type(), sequence[deploy.ExecutorState](7), deploy.ExecutorState(7)},
		{pb.ReasonCode(0).Type(), sequence[deploy.ReasonCode](25), deploy.ReasonCode(25)},
		{pb.RowKind(0).Type(), sequence[deploy.RowKind](7), deploy.RowKind(7)},
		{pb.Operator(0).Type(), sequence[deploy.Operator](3), deploy.Operator(3)},
		{pb.Role(0).Type(), sequence[deploy.Role](5), deploy.Role(5)},
		{pb.Verdict(0).Type(), sequence[deploy.Verdict](3), deploy.Verdict(3)},
	} {
		values := c.enum.Descriptor().Values()
		if values.Len() != len(c.values)+1 || !strings.HasPrefix(c.beyond.String(), "state(") {
			t.Errorf("%s has %d values, deploy has %d or more", c.enum.Descriptor().Name(), values.Len()-1, len(c.values))
			continue
		}
		for i, v := range c.values {
			name := string(values.ByNumber(protoreflect.EnumNumber(i + 1)).Name())
			if !strings.HasSuffix(name, "_"+strings.ToUpper(v.String())) {
				t.Errorf("%s %d is %s, deploy says %s", c.enum.Descriptor().Name(), i+1, name, v)
			}
		}
	}
	tasks := []deploy.TaskState{deploy.TaskFinished, deploy.TaskFailed, deploy.TaskKilled, deploy.TaskLost}
	for i, want := range []pb.TaskState{pb.TaskState_TASK_STATE_FINISHED, pb.TaskState_TASK_STATE_FAILED, pb.TaskState_TASK_STATE_KILLED, pb.TaskState_TASK_STATE_LOST} {
		if got := enumTo[pb.TaskState](tasks[i]); got != want {
			t.Errorf("task state %d is %s, want %s", i, got, want)
		}
	}
}

func sequence[S interface {
	~uint8
	fmt.Stringer
}](n int) (list []fmt.Stringer) {
	for i := range n {
		list = append(list, S(i))
	}
	return list
}

func TestFaultKindsAreThoseOfDeploy(t *testing.T) {
	kinds := map[pb.FaultKind]error{
		pb.FaultKind_FAULT_KIND_INVALID: deploy.ErrInvalid, pb.FaultKind_FAULT_KIND_NOT_FOUND: deploy.ErrNotFound,
		pb.FaultKind_FAULT_KIND_ALREADY_FINISHED: deploy.ErrAlreadyFinished, pb.FaultKind_FAULT_KIND_NOT_LEADER: deploy.ErrNotLeader,
		pb.FaultKind_FAULT_KIND_RECOVERING: deploy.ErrRecovering, pb.FaultKind_FAULT_KIND_UNAVAILABLE: deploy.ErrUnavailable,
		pb.FaultKind_FAULT_KIND_TOO_LARGE: deploy.ErrTooLarge, pb.FaultKind_FAULT_KIND_MISMATCH: deploy.ErrMismatch,
		pb.FaultKind_FAULT_KIND_DENIED: deploy.ErrDenied, pb.FaultKind_FAULT_KIND_ILLEGAL_TRANSITION: deploy.ErrIllegalTransition,
		pb.FaultKind_FAULT_KIND_CONFLICT: deploy.ErrConflict,
	}
	for n := range pb.FaultKind_name {
		kind := pb.FaultKind(n)
		if kind == pb.FaultKind_FAULT_KIND_UNSPECIFIED {
			continue
		}
		if got := FaultToProto(deploy.Fault{Kind: kinds[kind], Text: "x"}).GetKind(); got != kind {
			t.Errorf("%v is written as %s, want %s", kinds[kind], got, kind)
		}
		if got := FaultFromProto(&pb.Fault{Kind: kind, Text: "x"}); !errors.Is(got, kinds[kind]) {
			t.Errorf("%s is read as %v", kind, got.Kind)
		}
	}
	for _, unknown := range []pb.FaultKind{0, -5, 77} {
		if got := FaultFromProto(&pb.Fault{Kind: unknown, Text: "a sentence"}); !errors.Is(got, deploy.ErrInvalid) || got.Text != "a sentence" {
			t.Errorf("kind %d is read as %+v", unknown, got)
		}
	}
}
