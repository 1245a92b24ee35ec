package wire

import (
	"math"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

func requirementTo(d deploy.Requirement) *pb.Requirement {
	return &pb.Requirement{Key: d.Key, Operator: enumTo[pb.Operator](d.Operator), Values: d.Values}
}

func (r *reader) requirement(p *pb.Requirement) deploy.Requirement {
	return deploy.Requirement{Key: p.GetKey(), Operator: enum[deploy.Operator](r, "operator", p.GetOperator(), pb.Operator_name), Values: p.GetValues()}
}

func preferenceTo(d deploy.Preference) *pb.Preference {
	return &pb.Preference{Requirement: requirementTo(d.Requirement), Weight: d.Weight}
}

func (r *reader) preference(p *pb.Preference) deploy.Preference {
	return deploy.Preference{Requirement: r.requirement(p.GetRequirement()), Weight: p.GetWeight()}
}

// placementTo keeps one that says nothing off the wire.
func placementTo(d *deploy.Placement) *pb.Placement {
	if d.IsZero() {
		return nil
	}
	return &pb.Placement{
		Queue: d.Queue, Priority: d.Priority, Require: list(d.Require, requirementTo), Prefer: list(d.Prefer, preferenceTo),
		Apart: d.Apart, MaxPerWorker: d.MaxPerWorker,
	}
}

func (r *reader) placement(p *pb.Placement) deploy.Placement {
	return deploy.Placement{
		Queue: p.GetQueue(), Priority: p.GetPriority(), Require: list(p.GetRequire(), r.requirement), Prefer: list(p.GetPrefer(), r.preference),
		Apart: p.GetApart(), MaxPerWorker: p.GetMaxPerWorker(),
	}
}

func quantityTo(d deploy.Quantity) *pb.Quantity {
	return &pb.Quantity{Resource: d.Resource, Amount: d.Amount}
}

func quantityFrom(p *pb.Quantity) deploy.Quantity {
	return deploy.Quantity{Resource: p.GetResource(), Amount: p.GetAmount()}
}

func queueTo(d *deploy.Queue) *pb.Queue {
	return &pb.Queue{Name: d.Name, Weight: d.Weight, Min: list(d.Min, quantityTo), Quota: list(d.Quota, quantityTo), Dynamic: d.Dynamic}
}

func (r *reader) queue(p *pb.Queue) deploy.Queue {
	return deploy.Queue{
		Name: p.GetName(), Weight: r.number("weight", p.GetWeight()), Min: list(p.GetMin(), quantityFrom), Quota: list(p.GetQuota(), quantityFrom),
		Dynamic: p.GetDynamic(),
	}
}

func queueRowTo(d *deploy.QueueRow) *pb.QueueRow {
	return &pb.QueueRow{
		Queue: queueTo(&d.Queue), Used: list(d.Used, quantityTo), Share: d.Share, Apps: int64(d.Apps), Drivers: int64(d.Drivers), Closing: d.Closing,
	}
}

func (r *reader) queueRow(p *pb.QueueRow) deploy.QueueRow {
	return deploy.QueueRow{
		Queue: r.queue(p.GetQueue()), Used: list(p.GetUsed(), quantityFrom), Share: r.number("share", p.GetShare()),
		Apps: int(p.GetApps()), Drivers: int(p.GetDrivers()), Closing: p.GetClosing(),
	}
}

// number refuses what is none: it could not be written as JSON.
func (r *reader) number(what string, v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.fail("%s is %v; it must be a finite number", what, v)
		return 0
	}
	return v
}
