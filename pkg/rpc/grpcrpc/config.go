package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Config holds the limits of a transport.
type Config struct {
	MaxMessage   int // bytes of one message; both sides should have the same
	QueueItems   int // items that may wait for one peer
	QueueBytes   int // bytes that may wait for one peer
	MaxStreams   int // open streams of one connection
	MaxHeader    int // bytes of the headers of one call
	FrameBytes   int // a frame that has reached it is not filled up any more
	ReceiveAhead int // frames read before they are asked for

	ConnectTimeout time.Duration // to establish a connection, on both sides
	HelloTimeout   time.Duration // for the other side's hello
	CloseTimeout   time.Duration // for sending what is queued and the goodbye
	CallTimeout    time.Duration // of a unary call, on the answering side
	StopTimeout    time.Duration // for Serve to end what it serves
	KeepAlive      time.Duration // of silence before a ping; at least 10 s
	KeepAliveWait  time.Duration // for the answer to a ping

	// Dialer opens connections; nil is TCP.
	Dialer func(ctx context.Context, address string) (net.Conn, error)
}

// DefaultConfig gives the values for daemons and programs.
func DefaultConfig() Config {
	return Config{
		MaxMessage: 4 << 20, QueueItems: 100_000, QueueBytes: 64 << 20, MaxStreams: 100, MaxHeader: 16 << 10, FrameBytes: 64 << 10, ReceiveAhead: 2,
		ConnectTimeout: 10 * time.Second, HelloTimeout: 5 * time.Second, CloseTimeout: 5 * time.Second, CallTimeout: 30 * time.Second,
		StopTimeout: 10 * time.Second, KeepAlive: 10 * time.Second, KeepAliveWait: 5 * time.Second,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	atLeast := func(name string, have, want int) {
		if have < want {
			faults = append(faults, fmt.Errorf("%s is %d: %w: it is at least %d", name, have, deploy.ErrInvalid, want))
		}
	}
	atLeast("MaxMessage", c.MaxMessage, 64<<10)
	atLeast("QueueItems", c.QueueItems, 1)
	atLeast("QueueBytes (room for one message)", c.QueueBytes, c.MaxMessage)
	atLeast("MaxStreams", c.MaxStreams, 1)
	atLeast("MaxHeader", c.MaxHeader, 16<<10)
	atLeast("FrameBytes", c.FrameBytes, 1)
	atLeast("MaxMessage (room for a frame)", c.MaxMessage, c.FrameBytes)
	atLeast("ReceiveAhead", c.ReceiveAhead, 0)
	for name, d := range map[string]time.Duration{
		"ConnectTimeout": c.ConnectTimeout, "HelloTimeout": c.HelloTimeout, "CloseTimeout": c.CloseTimeout, "CallTimeout": c.CallTimeout,
		"StopTimeout": c.StopTimeout, "KeepAlive": c.KeepAlive, "KeepAliveWait": c.KeepAliveWait,
	} {
		if d <= 0 {
			faults = append(faults, fmt.Errorf("%s is %v: %w: it is above 0", name, d, deploy.ErrInvalid))
		}
	}
	return errors.Join(faults...)
}
