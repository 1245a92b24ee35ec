package scheduler_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func TestOpen(t *testing.T) {
	for name, want := range map[string]string{"spread": "*scheduler.Spread", "Pack": "*scheduler.Pack", "FAIR": "*scheduler.Fair"} {
		p, err := scheduler.Open(name, scheduler.DefaultOptions())
		if got := fmt.Sprintf("%T", p); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"fiar": `policy "fiar" is not known; use spread, pack, fair; did you mean fair?`,
		"drf":  `policy "drf" is not known; use spread, pack, fair: `,
	} {
		if _, err := scheduler.Open(name, scheduler.Options{}); !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want ErrInvalid with %q", name, err, want)
		}
	}
	if _, err := scheduler.Open("fair", scheduler.Options{Order: 9}); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("an order that is not known: got %v, want ErrInvalid", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		o    scheduler.Options
		want string // part of the error, empty if sound
	}{
		{scheduler.Options{}, ""},
		{scheduler.DefaultOptions(), ""},
		{scheduler.FairOptions(), ""},
		{scheduler.Options{Order: 5}, "worker order By(5) is not known; use one of CORES_FREE_DESC"},
		{scheduler.Options{Reserve: scheduler.ReserveOptions{After: -time.Second, Max: 1}}, "reserve after -1s"},
		{scheduler.Options{Reserve: scheduler.ReserveOptions{After: time.Second}}, "reservations for 0 demands"},
		{scheduler.Options{Reserve: scheduler.ReserveOptions{After: time.Second, Max: 1025}}, "use 1 to 1024"},
	} {
		err := c.o.Validate()
		if (c.want == "") != (err == nil) || err != nil && !(errors.Is(err, deploy.ErrInvalid) && strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: got %v, want %q", c.o, err, c.want)
		}
	}
}
