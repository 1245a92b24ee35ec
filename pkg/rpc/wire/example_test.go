package wire_test

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
)

// A frame is the bytes of its items, one after the other.
func Example() {
	var frame []byte
	for _, m := range []deploy.Message{deploy.Heartbeat{N: 7}, deploy.AppEnded{App: "app-20261120223045-0007"}} {
		var err error
		if frame, err = wire.AppendItem(frame, &rpc.Item{Msg: m}); err != nil {
			fmt.Println(err)
			return
		}
	}
	var d wire.Decoder
	f, err := d.Frame(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range f.Items {
		fmt.Printf("%T %+v\n", it.Msg, it.Msg)
	}
	// Output:
	// deploy.Heartbeat {N:7}
	// deploy.AppEnded {App:app-20261120223045-0007}
}
