package grpcrpc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// TestEveryMethodSaysWhoMayCallIt walks over all services of muster.v1, also those that nobody has told the guard of.
func TestEveryMethodSaysWhoMayCallIt(t *testing.T) {
	g, methods := newGuard(), 0
	protoregistry.GlobalFiles.RangeFilesByPackage(pb.File_muster_v1_cluster_proto.Package(), func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				name := fmt.Sprintf("/%s/%s", s.FullName(), s.Methods().Get(j).Name())
				methods++
				if len(g[name]) == 0 {
					t.Errorf("%s has no access option, or the guard does not know its file", name)
				}
			}
		}
		return true
	})
	if methods != len(g) || methods < 16 {
		t.Errorf("%d methods were found, the guard knows %d", methods, len(g))
	}
}

func TestGuard(t *testing.T) {
	g := newGuard()
	if who, err := g.admit(pb.Cluster_Hold_FullMethodName, nil); err != nil || who.Authenticated || strings.Join(who.Roles, " ") != "client" {
		t.Errorf("a caller was admitted as %+v, %v", who, err)
	}
	if who, err := g.admit(pb.Peer_Session_FullMethodName, &deploy.Hello{Role: deploy.RoleWorker, ID: "w1"}); err != nil || who.Name != "w1" || who.Authenticated {
		t.Errorf("a worker was admitted as %+v, %v", who, err)
	}
	if _, err := g.admit(pb.Cluster_Hold_FullMethodName, &deploy.Hello{Role: deploy.RoleExecutor}); !errors.Is(err, deploy.ErrDenied) {
		t.Errorf("an executor may hold applications: %v", err)
	}
	if _, err := g.admit("/muster.v1.Cluster/Format", nil); !errors.Is(err, deploy.ErrDenied) {
		t.Errorf("a method without access option: %v", err)
	}
}
