package wire

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// taskMessageTo sets the message if it belongs to driver and executor.
func taskMessageTo(p *pb.Item, m deploy.Message) bool {
	switch m := m.(type) {
	case deploy.ExecutorReady:
		p.Msg = &pb.Item_ExecutorReady{ExecutorReady: &pb.ExecutorReady{
			Executor: orNil(m.Executor, executorIDTo), Launch: orNil(m.Launch, launchIDTo), Host: m.Host, Pid: m.PID, Cores: m.Cores, Profile: m.Profile,
		}}
	case deploy.RunTasks:
		p.Msg = &pb.Item_RunTasks{RunTasks: &pb.RunTasks{Tasks: list(m.Tasks, taskTo)}}
	case deploy.CancelTasks:
		p.Msg = &pb.Item_CancelTasks{CancelTasks: &pb.CancelTasks{Ids: m.IDs, Unstarted: m.Unstarted}}
	case deploy.TaskResults:
		p.Msg = &pb.Item_TaskResults{TaskResults: &pb.TaskResults{Results: list(m.Results, taskResultTo)}}
	case deploy.StopExecutor:
		p.Msg = &pb.Item_StopExecutor{StopExecutor: &pb.StopExecutor{Reason: text(m.Reason)}}
	default:
		return false
	}
	return true
}

// taskMessage gives the message if it belongs to driver and executor, else nil.
func (r *reader) taskMessage(p *pb.Item) deploy.Message {
	switch m := p.GetMsg().(type) {
	case *pb.Item_ExecutorReady:
		e := m.ExecutorReady
		return deploy.ExecutorReady{
			Executor: executorIDFrom(e.GetExecutor()), Launch: launchIDFrom(e.GetLaunch()), Host: e.GetHost(), PID: e.GetPid(),
			Cores: e.GetCores(), Profile: e.GetProfile(),
		}
	case *pb.Item_RunTasks:
		return deploy.RunTasks{Tasks: list(m.RunTasks.GetTasks(), taskFrom)}
	case *pb.Item_CancelTasks:
		return deploy.CancelTasks{IDs: m.CancelTasks.GetIds(), Unstarted: m.CancelTasks.GetUnstarted()}
	case *pb.Item_TaskResults:
		return deploy.TaskResults{Results: list(m.TaskResults.GetResults(), r.taskResult)}
	case *pb.Item_StopExecutor:
		return deploy.StopExecutor{Reason: m.StopExecutor.GetReason()}
	}
	return nil
}

func taskTo(d deploy.Task) *pb.Task {
	return &pb.Task{Id: d.ID, Attempt: d.Attempt, Func: d.Func, Input: d.Input}
}

func taskFrom(p *pb.Task) deploy.Task {
	return deploy.Task{ID: p.GetId(), Attempt: p.GetAttempt(), Func: p.GetFunc(), Input: p.GetInput()}
}

func taskResultTo(d deploy.TaskResult) *pb.TaskResult {
	return &pb.TaskResult{
		Id: d.ID, Attempt: d.Attempt, State: enumTo[pb.TaskState](d.State), Output: d.Output, Error: text(d.Error), TookNanos: int64(d.Took),
	}
}

func (r *reader) taskResult(p *pb.TaskResult) deploy.TaskResult {
	return deploy.TaskResult{
		ID: p.GetId(), Attempt: p.GetAttempt(), State: enum[deploy.TaskState](r, "task state", p.GetState(), pb.TaskState_name),
		Output: p.GetOutput(), Error: p.GetError(), Took: time.Duration(p.GetTookNanos()),
	}
}
