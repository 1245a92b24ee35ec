package rpc_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func ExampleAgree() {
	master := deploy.Hello{Role: deploy.RoleMaster, Protocol: 1, Version: "1.4.0", ID: "m1"}
	worker := deploy.Hello{Role: deploy.RoleWorker, Protocol: 2, Version: "2.0.0", ID: "w7"}
	fmt.Println(rpc.Agree(master, worker))
	// Output:
	// rpc: hello refused: the worker "w7" speaks protocol 2 (program 2.0.0), the master "m1" speaks protocol 1 (program 1.4.0): run the same version on both sides
}

func TestAgree(t *testing.T) {
	for name, c := range map[string]struct {
		mine, theirs deploy.Hello
		words        []string
	}{
		"the same":           {deploy.Hello{Protocol: 1, Cluster: "a"}, deploy.Hello{Protocol: 1, Cluster: "a"}, nil},
		"one names none":     {deploy.Hello{Cluster: "a"}, deploy.Hello{}, nil},
		"other program":      {deploy.Hello{Version: "1"}, deploy.Hello{Version: "2"}, nil},
		"other cluster":      {deploy.Hello{Cluster: "a", ID: "m1"}, deploy.Hello{Cluster: "b", Role: deploy.RoleApp}, []string{`"a"`, `"b"`, "m1", "the app"}},
		"unknown program":    {deploy.Hello{Protocol: 1}, deploy.Hello{Protocol: 3}, []string{"protocol 1", "protocol 3", "unknown"}},
		"both differ at all": {deploy.Hello{Protocol: 1, Cluster: "a"}, deploy.Hello{Protocol: 3, Cluster: "b"}, []string{"protocol 3"}},
	} {
		err := rpc.Agree(c.mine, c.theirs)
		if fits := len(c.words) == 0; fits != (err == nil) || (!fits && (!errors.Is(err, rpc.ErrHello) || !errors.Is(err, deploy.ErrMismatch))) {
			t.Errorf("%s: %v", name, err)
		}
		for _, word := range c.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", name, err, word)
			}
		}
	}
}

func TestAnswered(t *testing.T) {
	req := deploy.KillDriver{Request: "r"}
	if a, err := rpc.Answered(req, deploy.Accepted{ID: "d"}); err != nil || !reflect.DeepEqual(a, deploy.Accepted{ID: "d"}) {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := rpc.Answered(req, deploy.Refused{Fault: deploy.Fault{Kind: deploy.ErrNotFound, Text: "no such driver"}}); !errors.Is(err, deploy.ErrNotFound) {
		t.Errorf("a refusal gave %v", err)
	}
	if _, err := rpc.Answered(req, deploy.Standby{}); !errors.Is(err, deploy.ErrNotLeader) {
		t.Errorf("a standby gave %v", err)
	}
	for _, none := range []deploy.Message{nil, deploy.Heartbeat{}, deploy.Refused{}, deploy.Outlook{}} {
		if _, err := rpc.Answered(req, none); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%T gave %v", none, err)
		}
	}
}
