package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// HelloToProto converts for the wire.
func HelloToProto(d deploy.Hello) *pb.Hello {
	return &pb.Hello{
		Role: enumTo[pb.Role](d.Role), Protocol: d.Protocol, Version: d.Version, Cluster: d.Cluster, Id: d.ID, Address: d.Address.String(),
		Epoch: uint64(d.Epoch), ClusterId: clusterIDTo(d.ClusterID), Token: d.Token.Reveal(),
	}
}

// HelloFromProto is the reverse of HelloToProto.
func HelloFromProto(p *pb.Hello) (deploy.Hello, error) {
	var r reader
	d := deploy.Hello{
		Role: enum[deploy.Role](&r, "role", p.GetRole(), pb.Role_name), Protocol: p.GetProtocol(), Version: p.GetVersion(),
		Cluster: p.GetCluster(), ID: p.GetId(), Address: r.address("hello address", p.GetAddress()), Epoch: deploy.Epoch(p.GetEpoch()),
		ClusterID: r.clusterID(p.GetClusterId()), Token: deploy.NewSecret(p.GetToken()),
	}
	return d, r.err
}

func stampTo(d deploy.Stamp) *pb.Stamp {
	return &pb.Stamp{Cluster: clusterIDTo(d.Cluster), Epoch: uint64(d.Epoch), Session: uint64(d.Session), Seq: d.Seq}
}

func (r *reader) stamp(p *pb.Stamp) deploy.Stamp {
	return deploy.Stamp{
		Cluster: r.clusterID(p.GetCluster()), Epoch: deploy.Epoch(p.GetEpoch()), Session: deploy.SessionID(p.GetSession()), Seq: p.GetSeq(),
	}
}
