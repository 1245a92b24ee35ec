package grpcrpc

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/rpc/wire"
)

// frame is a frame of a session as bytes: written and read outside of gRPC, so that a fault in it gets a sentence and a hot message no copy.
type frame struct{ b []byte }

// codec writes protobuf. It stands in for gRPC's own, which has no limit on what a message unfolds into and knows no frames.
type codec struct{}

// Name makes the content type that every gRPC client knows.
func (codec) Name() string { return "proto" }

// Marshal copies: the caller may use the memory of v again.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	pool := mem.DefaultBufferPool()
	switch v := v.(type) {
	case *frame:
		return mem.BufferSlice{mem.Copy(v.b, pool)}, nil
	case proto.Message:
		b := pool.Get(proto.Size(v))
		out, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend((*b)[:0], v)
		if err != nil {
			pool.Put(b)
			return nil, fmt.Errorf("write %T: %w", v, err)
		}
		*b = out
		return mem.BufferSlice{mem.NewBuffer(b, pool)}, nil
	}
	return nil, fmt.Errorf("write %T: it is no protobuf message", v)
}

// Unmarshal gives v memory of its own.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *frame:
		v.b = data.Materialize()
		return nil
	case proto.Message:
		b := data.MaterializeToBuffer(mem.DefaultBufferPool())
		defer b.Free()
		return wire.Unmarshal(b.ReadOnlyData(), v)
	}
	return fmt.Errorf("read %T: it is no protobuf message", v)
}
