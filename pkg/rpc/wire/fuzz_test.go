package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// byLibrary reads a frame with the protobuf library alone.
func byLibrary(b []byte) (items []rpc.Item, err error) {
	var p pb.Frame
	if err := Unmarshal(b, &p); err != nil {
		return nil, err
	}
	for _, q := range p.GetItems() {
		it, err := ItemFromProto(q)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	if p.GetHello() != nil {
		if _, err := HelloFromProto(p.GetHello()); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// agree checks what Decoder.Frame says of bytes against the library.
func agree(t *testing.T, b []byte) {
	t.Helper()
	var d Decoder
	f, err := d.Frame(b)
	if err != nil && !errors.Is(err, deploy.ErrInvalid) && !errors.Is(err, deploy.ErrTooLarge) {
		t.Fatalf("%x: %v has no identity", b, err)
	}
	want, wantErr := byLibrary(b)
	if err != nil {
		// A frame may not have fields that this build does not know, and each hello is read by itself.
		var p pb.Frame
		if wantErr == nil && proto.Unmarshal(b, &p) == nil && len(p.ProtoReflect().GetUnknown()) == 0 && p.GetHello() == nil {
			t.Fatalf("%x\nby hand %v\nby library %+v", b, err, want)
		}
		return
	}
	if wantErr != nil {
		t.Fatalf("%x\nby hand %+v\nby library %v", b, f.Items, wantErr)
	}
	if got, want := again(t, f.Items), again(t, want); !bytes.Equal(got, want) {
		t.Fatalf("%x\nby hand %x\nby library %x", b, got, want)
	}
}

// again writes what was read.
func again(t *testing.T, items []rpc.Item) (b []byte) {
	t.Helper()
	var err error
	for i := range items {
		if b, err = AppendItem(b, &items[i]); err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", items[i], err)
		}
	}
	return b
}

func TestDamagedFrames(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		for _, m := range messages {
			it := randomItem(r, m)
			b, err := AppendItem(nil, &it)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, b)
			for range 1 + r.IntN(3) {
				switch i := r.IntN(len(b)); r.IntN(4) {
				case 0:
					b[i] = byte(r.Uint32())
				case 1:
					b[i] ^= 1 << r.IntN(8)
				case 2:
					b = b[:max(i, 1)]
				case 3: // a part twice: fields come again, lists grow
					j := i + r.IntN(len(b)-i)
					b = append(b[:j:j], b[i:]...)
				}
			}
			agree(t, b)
		}
	}
}

func FuzzFrame(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, m := range messages {
		it := randomItem(r, m)
		b, err := AppendItem(nil, &it)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	hello, err := AppendHello(nil, random(r, deploy.Hello{}))
	if err != nil {
		f.Fatal(err)
	}
	bye, err := AppendBye(hello, "done")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bye)
	f.Fuzz(agree)
}
