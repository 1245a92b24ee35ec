package wire

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

var (
	benchStamp = deploy.Stamp{Cluster: deploy.ClusterID{1, 2, 3}, Epoch: 3, Session: 4, Seq: 5000}
	benchNeed  = deploy.Resources{Cores: 4, MemoryMiB: 4096}
	benchID    = deploy.ExecutorID{App: "app-20261120223045-0007", Num: 12}
)

// common gives one item of each kind that comes often.
func common() map[string]rpc.Item {
	tasks := deploy.RunTasks{Tasks: make([]deploy.Task, 100)}
	results := deploy.TaskResults{Results: make([]deploy.TaskResult, 100)}
	for i := range tasks.Tasks {
		tasks.Tasks[i] = deploy.Task{ID: uint64(1000 + i), Func: "count", Input: []byte("a small input")}
		results.Results[i] = deploy.TaskResult{ID: uint64(1000 + i), Output: []byte("a small output"), Took: 3 * time.Millisecond}
	}
	return map[string]rpc.Item{
		"Heartbeat":      {Msg: deploy.Heartbeat{N: 300}},
		"RunTasks100":    {Msg: tasks},
		"TaskResults100": {Msg: results},
		"LaunchOrder": {Stamp: benchStamp, Msg: deploy.LaunchOrder{Launch: deploy.Launch{
			ID: deploy.LaunchID{Epoch: 3, Seq: 77}, Executor: benchID, Need: benchNeed, AppName: "word count", Token: deploy.NewSecret("0123456789abcdef"),
			Command: deploy.Command{
				Program: "wordcount", Args: []string{"executor", "--driver", "10.0.0.7:41234", "--id", "{{EXECUTOR_ID}}"}, Env: []deploy.EnvVar{{Name: "A", Value: "b"}},
				Artifacts: []deploy.Artifact{{Digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Name: "wordcount", Size: 1 << 22, Executable: true}},
			},
		}}},
		"Report": {Msg: deploy.Report{
			Worker: "worker-20261120223045-10.0.0.7-41234", Incarnation: 2,
			Launch: deploy.LaunchReport{Launch: deploy.LaunchID{Epoch: 3, Seq: 77}, Executor: benchID, Need: benchNeed, Seq: 12, State: deploy.ExecutorRunning},
		}},
		"ReportAck": {Msg: deploy.ReportAck{Seqs: []uint64{12, 13, 14, 15}}},
		"ExecutorChanged": {Stamp: benchStamp, Msg: deploy.ExecutorChanged{Executor: deploy.ExecutorView{
			Executor: benchID, Worker: "worker-20261120223045-10.0.0.7-41234", Host: "10.0.0.7", Need: benchNeed, State: deploy.ExecutorRunning,
		}}},
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, it := range common() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var frame []byte
			var err error
			for b.Loop() {
				if frame, err = AppendItem(frame[:0], &it); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/library", func(b *testing.B) {
			b.ReportAllocs()
			var frame []byte
			for b.Loop() {
				p, err := ItemToProto(it)
				if err == nil {
					frame, err = proto.MarshalOptions{}.MarshalAppend(frame[:0], &pb.Frame{Items: []*pb.Item{p}})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, it := range common() {
		frame, err := AppendItem(nil, &it)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var d Decoder
			for b.Loop() {
				if _, err := d.Frame(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/library", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var p pb.Frame
				if err := proto.Unmarshal(frame, &p); err != nil {
					b.Fatal(err)
				}
				if _, err := ItemFromProto(p.GetItems()[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
