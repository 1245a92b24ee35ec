package wire

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// field wraps content as a field with a length.
func field(num protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), content)
}

func item(num protowire.Number, content []byte) []byte { return field(1, field(num, content)) }

// nested gives groups within groups, which protobuf allows in fields nobody knows.
func nested(depth int) []byte {
	open := protowire.AppendTag(nil, 60, protowire.StartGroupType)
	shut := protowire.AppendTag(nil, 60, protowire.EndGroupType)
	return append(bytes.Repeat(open, depth), bytes.Repeat(shut, depth)...)
}

func TestBadFrames(t *testing.T) {
	number := func(num protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
	}
	huge := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.BytesType), 1<<63)
	for name, c := range map[string]struct {
		frame []byte
		kind  error
		word  string
	}{
		"no message":              {field(1, nil), deploy.ErrInvalid, "no message that this build knows"},
		"message of a newer peer": {item(4000, []byte("x")), deploy.ErrInvalid, "no message that this build knows"},
		"enum of a newer peer":    {item(47, number(2, 99)), deploy.ErrInvalid, "99"},
		"enum missing":            {item(47, field(1, []byte("app-1"))), deploy.ErrInvalid, "app state is missing"},
		"negative enum":           {item(83, field(1, number(3, 1<<64-1))), deploy.ErrInvalid, "task state"},
		"negative length":         {huge, deploy.ErrInvalid, "not a protobuf message"},
		"length beyond the end":   {[]byte{10, 200, 1, 1}, deploy.ErrInvalid, "not a protobuf message"},
		"field 0":                 {[]byte{0, 0}, deploy.ErrInvalid, "not a protobuf message"},
		"part of a newer peer":    {field(9, []byte("x")), deploy.ErrInvalid, "field 9"},
		"number for a message":    {number(1, 5), deploy.ErrInvalid, "not a protobuf message"},
		"garbage":                 {bytes.Repeat([]byte{0xff}, 100), deploy.ErrInvalid, "not a protobuf message"},
		"text that is not UTF-8":  {item(23, field(1, []byte{0xff})), deploy.ErrInvalid, "UTF-8"},
		"cluster id of 3 bytes":   {field(1, append(field(1, field(1, []byte{1, 2, 3})), field(10, nil)...)), deploy.ErrInvalid, "3 bytes"},
		"address nonsense":        {item(12, append(number(1, 1), field(2, []byte("no port"))...)), deploy.ErrInvalid, "no port"},
		"20000 groups deep":       {item(10, nested(20_000)), deploy.ErrInvalid, ""},
		"hello of a newer role":   {field(2, number(1, 44)), deploy.ErrInvalid, "role"},
	} {
		var d Decoder
		_, err := d.Frame(c.frame)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(err.Error()) > 1024 {
			t.Errorf("%s: a fault of %d bytes", name, len(err.Error()))
		}
	}
}

// TestSmallBytesBecomeNoMountain sends frames that are small on the wire and would unfold into hundreds of megabytes.
func TestSmallBytesBecomeNoMountain(t *testing.T) {
	const size = 4 << 20
	fill := func(part []byte) []byte { return bytes.Repeat(part, size/len(part)) }
	two := func(num protowire.Number) []byte { return field(num, nil) }
	for name, frame := range map[string][]byte{
		"items":                 fill(two(1)),
		"tasks":                 item(81, fill(two(1))),
		"task results":          item(83, fill(two(1))),
		"launches":              item(20, fill(two(3))),
		"executors":             item(41, fill(two(5))),
		"arguments":             item(24, field(1, field(8, fill(two(2))))),
		"environment":           item(60, field(2, field(3, fill(two(3))))),
		"selectors":             item(40, field(3, field(9, fill(two(3))))),
		"values of a selector":  item(60, field(2, field(7, field(3, fill(two(3)))))),
		"acknowledgements":      item(27, field(1, fill([]byte{1}))),
		"unpacked numbers":      item(27, fill([]byte{1 << 3, 1})),
		"many items of many":    fill(item(20, bytes.Repeat(field(3, []byte{9 << 3, 1}), 10_000))),
		"many lists of results": fill(item(83, bytes.Repeat(field(1, []byte{3 << 3, 1}), 10_000))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var d Decoder
		_, err := d.Frame(frame)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, deploy.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 64 {
			t.Errorf("%s: %d MiB were taken", name, grown)
		}
	}
	if err := Unmarshal(fill(two(1)), &pb.Rows{}); !errors.Is(err, deploy.ErrTooLarge) {
		t.Errorf("rows: %v", err)
	}
}

func TestTooMuchIsRefusedBeforeItIsSent(t *testing.T) {
	for _, m := range []deploy.Message{
		deploy.RunTasks{Tasks: make([]deploy.Task, MaxElements+1)}, deploy.ReportAck{Seqs: make([]uint64, MaxElements+1)},
		deploy.SubmitDriver{Spec: deploy.DriverSpec{Command: deploy.Command{Args: make([]string, MaxElements+1)}}},
	} {
		begun := []byte("begun")
		b, err := AppendItem(begun, &rpc.Item{Msg: m})
		if !errors.Is(err, deploy.ErrTooLarge) || string(b) != "begun" {
			t.Errorf("%T: %v, %d bytes", m, err, len(b))
		}
	}
	b, err := AppendItem(nil, &rpc.Item{Msg: deploy.RunTasks{Tasks: make([]deploy.Task, MaxElements-1)}}) // the message is one more
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	if _, err := d.Frame(b); err != nil {
		t.Errorf("what could be sent cannot be read: %v", err)
	}
}

func TestFaultsOfTheSender(t *testing.T) {
	bad := "a\xffb"
	for _, m := range []deploy.Message{
		deploy.KillApp{App: deploy.AppID(bad)}, deploy.LaunchOrder{Launch: deploy.Launch{Command: deploy.Command{Args: []string{bad}}}},
		deploy.RunTasks{Tasks: []deploy.Task{{Func: bad}}}, nil,
	} {
		if _, err := AppendItem(nil, &rpc.Item{Msg: m}); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	// What programs and the operating system say is for people and goes through, whatever its encoding.
	it := rpc.Item{Msg: deploy.TaskResults{Results: []deploy.TaskResult{{Error: bad}}}}
	b, err := AppendItem(nil, &it)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	f, err := d.Frame(b)
	if err != nil || f.Items[0].Msg.(deploy.TaskResults).Results[0].Error != "a\uFFFDb" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for name, p := range map[string]*pb.QueueRow{"weight": {Queue: &pb.Queue{Weight: v}}, "share": {Share: v}} {
			if _, err := RowFromProto(&pb.Row{Row: &pb.Row_Queue{Queue: p}}); !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %v: %v", name, v, err)
			}
		}
	}
}

func TestNamesAreBounded(t *testing.T) {
	var n names
	for i := range 10 * maxNames {
		s := strings.Repeat("x", i%(2*maxName)) + string(rune('a'+i%26))
		if got, ok := n.of([]byte(s)); got != s || !ok {
			t.Fatalf("%q became %q, %v", s, got, ok)
		}
	}
	if len(n.known) > maxNames {
		t.Errorf("%d names are kept", len(n.known))
	}
	if _, ok := n.of([]byte{0xff}); ok {
		t.Error("a name that is not UTF-8 was taken")
	}
}

func TestHelloAndByeFrames(t *testing.T) {
	h := deploy.Hello{Role: deploy.RoleApp, Protocol: 1, Version: "1.0", ID: "app-1", Token: deploy.NewSecret("s")}
	b, err := AppendHello(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	it := rpc.Item{Msg: deploy.Heartbeat{N: 1}}
	var d Decoder
	if f, err := d.Frame(b); err != nil || f.Hello == nil || !f.Hello.Token.Equal(h.Token) || f.Hello.ID != h.ID {
		t.Errorf("%+v, %v", f, err)
	}
	if b, err = AppendItem(nil, &it); err == nil {
		b, err = AppendBye(b, "no\xffmore")
	}
	if err != nil {
		t.Fatal(err)
	}
	if f, err := d.Frame(b); err != nil || len(f.Items) != 1 || f.Bye == nil || f.Bye.Reason != "no\uFFFDmore" {
		t.Errorf("%+v, %v", f, err)
	}
	if err := proto.Unmarshal(b, &pb.Frame{}); err != nil {
		t.Errorf("it is no muster.v1.Frame: %v", err)
	}
}
