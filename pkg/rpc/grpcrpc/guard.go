package grpcrpc

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// guard admits callers to methods. It is the one place that does: every handler is behind it, before anything of a request is read.
type guard map[string][]string // full method: roles

// newGuard reads who may call what from the access options of the .proto files.
func newGuard() guard {
	g := guard{}
	for _, file := range []protoreflect.FileDescriptor{pb.File_muster_v1_cluster_proto, pb.File_muster_v1_session_proto} {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				g[fmt.Sprintf("/%s/%s", service.FullName(), m.Name())] = access(m)
			}
		}
	}
	return g
}

func access(m protoreflect.MethodDescriptor) (roles []string) {
	list, _ := proto.GetExtension(m.Options(), pb.E_Access).([]pb.Role)
	for _, r := range list {
		if r != pb.Role_ROLE_UNSPECIFIED {
			roles = append(roles, deploy.Role(r-1).String())
		}
	}
	return roles
}

// admit gives the principal of a caller. Nobody proves who he is: a caller without a hello has every role that the method wants, one with a hello
// has the role he says.
func (g guard) admit(method string, hello *deploy.Hello) (deploy.Principal, error) {
	roles := g[method]
	if len(roles) == 0 {
		return deploy.Principal{}, fmt.Errorf("%s: %w: no role may call it; its .proto file lacks the access option", method, deploy.ErrDenied)
	}
	if hello == nil {
		return deploy.Principal{Name: "anonymous", Roles: roles}, nil
	}
	if !slices.Contains(roles, hello.Role.String()) {
		return deploy.Principal{}, fmt.Errorf("%s: %w: it is for %v, not for a %s", method, deploy.ErrDenied, roles, hello.Role)
	}
	return rpc.Claimed(*hello), nil
}
