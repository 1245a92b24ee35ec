package mastercore

import (
	"context"      //want:here internal/mastercore is pure and imports context
	"math/rand/v2" //want:here imports math/rand/v2
	"net/netip"
	"net/url"
	"sync/atomic" //want:here imports sync/atomic
	"time"
)

type inbox chan int //want:here uses a channel

var (
	_ context.Context
	_ netip.Addr
	_ url.URL
	_ atomic.Bool
)

func step(now time.Time, n int) time.Duration {
	go step(now, n) //want:here uses a goroutine
	select {}       //want:here uses select
	_ = rand.N(n)
	ask := time.Now //want:here uses time.Now
	return now.Sub(ask()) + time.Second
}
