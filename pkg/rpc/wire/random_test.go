package wire

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// messages are all that peers say; TestEveryMessageIsKnown holds the list to the source of pkg/deploy.
var messages = []deploy.Message{
	deploy.Heartbeat{}, deploy.HeartbeatAck{}, deploy.Standby{},
	deploy.RegisterWorker{}, deploy.WorkerRegistered{}, deploy.WorkerRefused{}, deploy.RegisterAgain{}, deploy.LaunchOrder{}, deploy.KillOrder{},
	deploy.Report{}, deploy.ReportAck{}, deploy.AppEnded{}, deploy.LeaveWorker{},
	deploy.RegisterApp{}, deploy.AppRegistered{}, deploy.AppRefused{}, deploy.ExecutorChanged{}, deploy.SetTargets{}, deploy.KillExecutors{},
	deploy.UnregisterApp{}, deploy.ExecutorsReached{}, deploy.AppRemoved{}, deploy.Waiting{},
	deploy.SubmitDriver{}, deploy.KillDriver{}, deploy.KillApp{}, deploy.Hold{}, deploy.Accepted{}, deploy.Refused{},
	deploy.Explain{}, deploy.Explanation{}, deploy.Plan{}, deploy.Outlook{},
	deploy.ExecutorReady{}, deploy.RunTasks{}, deploy.CancelTasks{}, deploy.TaskResults{}, deploy.StopExecutor{},
}

var rows = []deploy.Row{
	deploy.MasterRow{}, deploy.WorkerRow{}, deploy.AppRow{}, deploy.DriverRow{}, deploy.ExecutorRow{}, deploy.DecisionRow{}, deploy.QueueRow{},
	deploy.GoneRow{},
}

// closed sets: how many values each has.
var enumSizes = map[reflect.Type]int{
	reflect.TypeFor[deploy.MasterState](): 4, reflect.TypeFor[deploy.WorkerState](): 5, reflect.TypeFor[deploy.AppState](): 6,
	reflect.TypeFor[deploy.DriverState](): 8, reflect.TypeFor[deploy.ExecutorState](): 7, reflect.TypeFor[deploy.TaskState](): 4,
	reflect.TypeFor[deploy.ReasonCode](): 25, reflect.TypeFor[deploy.RowKind](): 7, reflect.TypeFor[deploy.Role](): 5, reflect.TypeFor[deploy.Verdict](): 3,
	reflect.TypeFor[deploy.Operator](): 3,
}

// fill sets every field that can be reached to something random; about one in five stays zero.
func fill(r *rand.Rand, v reflect.Value) {
	if r.IntN(5) == 0 {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(r.Int64N(1<<33), r.Int64N(1e9)).UTC()
		return
	case *deploy.Address:
		*x = deploy.Address{Host: []string{"node1", "10.0.0.7", "::1", "a.b.example"}[r.IntN(4)], Port: uint16(r.Uint32())}
		return
	case *deploy.Secret:
		*x = deploy.NewSecret(word(r))
		return
	case *deploy.Fault:
		*x = deploy.FaultFromCode(1+uint32(r.IntN(11)), word(r))
		return
	case *deploy.ClusterID:
		for i := range x {
			x[i] = byte(r.Uint32())
		}
		return
	}
	if n, ok := enumSizes[v.Type()]; ok {
		v.SetUint(uint64(r.IntN(n)))
		return
	}
	fillKind(r, v)
}

func fillKind(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Slice:
		n := 1 + r.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.String:
		v.SetString(word(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> (64 - v.Type().Bits()) >> r.IntN(v.Type().Bits()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()) >> r.IntN(v.Type().Bits()))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() * 1e3)
	default:
		panic(fmt.Sprintf("fill: a %s is new here", v.Type()))
	}
}

func word(r *rand.Rand) string {
	words := []string{"count", "größe", "a/b c\n", "x", "worker-20261120223045-10.0.0.7-41234"}
	s := words[r.IntN(len(words))]
	for range r.IntN(3) {
		s += words[r.IntN(len(words))]
	}
	return s
}

// random gives a value of m's type.
func random[T any](r *rand.Rand, m T) T {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	for i := range v.NumField() {
		fill(r, v.Field(i))
	}
	return v.Interface().(T)
}

func randomItem(r *rand.Rand, m deploy.Message) rpc.Item {
	it := rpc.Item{Msg: random(r, m)}
	fill(r, reflect.ValueOf(&it.Stamp).Elem())
	fill(r, reflect.ValueOf(&it.Re).Elem())
	return it
}
