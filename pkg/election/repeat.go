package election

import (
	"context"
	"errors"
	"time"
)

// DefaultRest is how long a candidate stands back whose lead function failed without saying for how long: long enough for another candidate,
// and for not filling the log.
const DefaultRest = time.Second

// Repeat calls once, which campaigns, leads and resigns, until ctx ends, and returns ctx.Err(). It rests as long as a Rest in once's error
// says, DefaultRest after any other error, and not at all after nil or context.Canceled, with which lead answers the loss of leadership.
func Repeat(ctx context.Context, once func(ctx context.Context) error) error {
	for ctx.Err() == nil {
		err := once(ctx)
		if err == nil || errors.Is(err, context.Canceled) || ctx.Err() != nil {
			continue
		}
		pause := DefaultRest
		if rest, ok := errors.AsType[*Rest](err); ok {
			pause = rest.For
		}
		wait(ctx, pause)
	}
	return ctx.Err()
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
