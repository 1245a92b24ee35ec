package membership_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/membership"
	"github.com/musterproject/muster/pkg/membership/membershiptest"
)

func masters(t *testing.T, names ...string) *membership.Static {
	t.Helper()
	var list []membership.Member
	for i, name := range names {
		list = append(list, membership.Member{Name: name, Role: deploy.RoleMaster, Address: deploy.Address{Host: name, Port: uint16(7077 + i)}})
	}
	s, err := membership.NewStatic(list...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStatic(t *testing.T) {
	membershiptest.Run(t, membershiptest.Detector{Bubble: true, Open: func(t *testing.T) membership.Membership { return masters(t, "c", "a", "b") }})
}

func TestStaticSeeds(t *testing.T) {
	s := masters(t, "a", "b")
	if err := s.Join(t.Context(), deploy.Address{Host: "b", Port: 7078}); err != nil {
		t.Errorf("a seed of the list: %v", err)
	}
	if err := s.Join(t.Context(), deploy.Address{Host: "c", Port: 7077}); !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), "c:7077") {
		t.Errorf("another seed: %v", err)
	}
}

func TestStaticNamesDiffer(t *testing.T) {
	_, err := membership.NewStatic(membership.Member{Name: "a", Address: deploy.Address{Host: "x", Port: 1}}, membership.Member{Name: "b"}, membership.Member{Name: "a"})
	if !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("%v", err)
	}
}

func TestHealth(t *testing.T) {
	for h, want := range map[membership.Health]string{membership.Alive: "alive", membership.Suspect: "suspect", membership.Dead: "dead", membership.Left: "left", 9: "health 9"} {
		if h.String() != want {
			t.Errorf("%d is %q, want %q", h, h, want)
		}
	}
}
