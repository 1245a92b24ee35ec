package wire

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// ItemToProto converts for the wire; only a message that deploy does not have is an error.
func ItemToProto(it rpc.Item) (*pb.Item, error) {
	p := &pb.Item{Stamp: orNil(it.Stamp, stampTo), Re: uint64(it.Re)}
	if workerMessageTo(p, it.Msg) || appMessageTo(p, it.Msg) || clientMessageTo(p, it.Msg) || askMessageTo(p, it.Msg) || taskMessageTo(p, it.Msg) {
		return p, nil
	}
	return nil, fmt.Errorf("message %T: %w: the wire has no such message", it.Msg, deploy.ErrInvalid)
}

// ItemFromProto is the reverse of ItemToProto.
func ItemFromProto(p *pb.Item) (rpc.Item, error) {
	var r reader
	it := rpc.Item{Stamp: r.stamp(p.GetStamp()), Re: deploy.CallID(p.GetRe()), Msg: r.message(p)}
	if r.err != nil {
		return rpc.Item{}, fmt.Errorf("%s: %w", messageName(p), r.err)
	}
	return it, nil
}

func (r *reader) message(p *pb.Item) deploy.Message {
	if m := r.workerMessage(p); m != nil {
		return m
	}
	if m := r.taskMessage(p); m != nil {
		return m
	}
	if m := r.appMessage(p); m != nil {
		return m
	}
	if m := r.clientMessage(p); m != nil {
		return m
	}
	if m := r.askMessage(p); m != nil {
		return m
	}
	r.fail("it holds no message that this build knows: the peer is newer, use one version of the program")
	return nil
}

// messageName gives the field of the message as the .proto file names it.
func messageName(p *pb.Item) string {
	m := p.ProtoReflect()
	if f := m.WhichOneof(m.Descriptor().Oneofs().ByName("msg")); f != nil {
		return string(f.Name())
	}
	return "item"
}
