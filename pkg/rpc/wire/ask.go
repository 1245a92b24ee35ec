package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// AnswerOf gives the empty message that the answer to a question is read into.
func AnswerOf(req deploy.Message) proto.Message {
	switch req.(type) {
	case deploy.Explain:
		return &pb.Explanation{}
	case deploy.Plan:
		return &pb.Outlook{}
	}
	return &pb.Accepted{}
}

// AnswerToProto converts the answer to a question of a client.
func AnswerToProto(m deploy.Message) (proto.Message, error) {
	switch m := m.(type) {
	case deploy.Accepted:
		return AcceptedToProto(m), nil
	case deploy.Explanation:
		return explanationTo(m), nil
	case deploy.Outlook:
		return outlookTo(m), nil
	}
	return nil, fmt.Errorf("answer with %T: %w: it is no answer to a client", m, deploy.ErrInvalid)
}

// AnswerFromProto is the reverse of AnswerToProto.
func AnswerFromProto(p proto.Message) (deploy.Message, error) {
	var r reader
	switch p := p.(type) {
	case *pb.Accepted:
		return AcceptedFromProto(p), nil
	case *pb.Explanation:
		m := r.explanation(p)
		return m, r.err
	case *pb.Outlook:
		m := r.outlook(p)
		return m, r.err
	}
	return nil, fmt.Errorf("answer %T: %w: it is no answer to a client", p, deploy.ErrInvalid)
}

// askMessageTo sets the message if it is a question that changes nothing, or its answer.
func askMessageTo(p *pb.Item, m deploy.Message) bool {
	switch m := m.(type) {
	case deploy.Explain:
		p.Msg = &pb.Item_Explain{Explain: explainTo(m)}
	case deploy.Explanation:
		p.Msg = &pb.Item_Explanation{Explanation: explanationTo(m)}
	case deploy.Plan:
		p.Msg = &pb.Item_Plan{Plan: planTo(m)}
	case deploy.Outlook:
		p.Msg = &pb.Item_Outlook{Outlook: outlookTo(m)}
	default:
		return false
	}
	return true
}

// askMessage gives the message if it is a question that changes nothing, or its answer, else nil.
func (r *reader) askMessage(p *pb.Item) deploy.Message {
	switch m := p.GetMsg().(type) {
	case *pb.Item_Explain:
		return explainFrom(m.Explain)
	case *pb.Item_Explanation:
		return r.explanation(m.Explanation)
	case *pb.Item_Plan:
		return r.plan(m.Plan)
	case *pb.Item_Outlook:
		return r.outlook(m.Outlook)
	}
	return nil
}

func explainTo(d deploy.Explain) *pb.Explain {
	p := &pb.Explain{Id: d.ID, Workers: d.Workers, After: string(d.After), History: d.History}
	if d.Profile != deploy.FirstWaiting {
		p.Profile = &d.Profile
	}
	return p
}

func explainFrom(p *pb.Explain) deploy.Explain {
	d := deploy.Explain{
		ID: p.GetId(), Profile: deploy.FirstWaiting, Workers: p.GetWorkers(), After: deploy.WorkerID(p.GetAfter()), History: p.GetHistory(),
	}
	if p != nil && p.Profile != nil {
		d.Profile = p.GetProfile()
	}
	return d
}

func explanationTo(d deploy.Explanation) *pb.Explanation {
	return &pb.Explanation{
		Subject: d.Subject, Profile: d.Profile, State: d.State, Waiting: d.Waiting, Need: resourcesTo(d.Need), Decision: decisionTo(&d.Decision),
		Total: int64(d.Total), Fits: int64(d.Fits), Causes: list(d.Causes, causeTo), Workers: list(d.Workers, obstacleTo), Next: string(d.Next),
		History: list(d.History, DecisionToProto),
	}
}

func (r *reader) explanation(p *pb.Explanation) deploy.Explanation {
	return deploy.Explanation{
		Subject: p.GetSubject(), Profile: p.GetProfile(), State: p.GetState(), Waiting: p.GetWaiting(), Need: resourcesFrom(p.GetNeed()),
		Decision: r.decision(p.GetDecision()), Total: int(p.GetTotal()), Fits: int(p.GetFits()), Causes: list(p.GetCauses(), r.cause),
		Workers: list(p.GetWorkers(), r.obstacle), Next: deploy.WorkerID(p.GetNext()), History: list(p.GetHistory(), r.decision),
	}
}

func obstacleTo(d deploy.Obstacle) *pb.Obstacle {
	return &pb.Obstacle{Worker: string(d.Worker), Code: enumTo[pb.ReasonCode](d.Code), Resource: d.Resource, Have: d.Have, Want: d.Want}
}

func (r *reader) obstacle(p *pb.Obstacle) deploy.Obstacle {
	return deploy.Obstacle{
		Worker: deploy.WorkerID(p.GetWorker()), Code: r.reason(p.GetCode()), Resource: p.GetResource(), Have: p.GetHave(), Want: p.GetWant(),
	}
}

func planTo(d deploy.Plan) *pb.Plan {
	p := &pb.Plan{}
	if d.App != nil {
		p.App = appSpecTo(d.App)
	}
	if d.Driver != nil {
		p.Driver = driverSpecTo(d.Driver)
	}
	return p
}

func (r *reader) plan(p *pb.Plan) (d deploy.Plan) {
	if p.GetApp() != nil {
		spec := r.appSpec(p.GetApp())
		d.App = &spec
	}
	if p.GetDriver() != nil {
		spec := r.driverSpec(p.GetDriver())
		d.Driver = &spec
	}
	return d
}

func outlookTo(d deploy.Outlook) *pb.Outlook {
	return &pb.Outlook{Verdict: enumTo[pb.Verdict](d.Verdict), Text: text(d.Text), Policy: d.Policy, Parts: list(d.Parts, outcomeTo)}
}

func (r *reader) outlook(p *pb.Outlook) deploy.Outlook {
	return deploy.Outlook{Verdict: r.verdict(p.GetVerdict()), Text: p.GetText(), Policy: p.GetPolicy(), Parts: list(p.GetParts(), r.outcome)}
}

func (r *reader) verdict(p pb.Verdict) deploy.Verdict {
	return enum[deploy.Verdict](r, "verdict", p, pb.Verdict_name)
}

func outcomeTo(d deploy.Outcome) *pb.Outcome {
	return &pb.Outcome{
		Profile: d.Profile, Verdict: enumTo[pb.Verdict](d.Verdict), Need: resourcesTo(d.Need), Asked: d.Asked, Starts: d.Starts, Cores: d.Cores,
		Workers: int64(d.Workers), Places: list(d.Places, startTo), Decision: decisionTo(&d.Decision), Frees: list(d.Frees, holderTo),
	}
}

func (r *reader) outcome(p *pb.Outcome) deploy.Outcome {
	return deploy.Outcome{
		Profile: p.GetProfile(), Verdict: r.verdict(p.GetVerdict()), Need: resourcesFrom(p.GetNeed()), Asked: p.GetAsked(), Starts: p.GetStarts(),
		Cores: p.GetCores(), Workers: int(p.GetWorkers()), Places: list(p.GetPlaces(), startFrom), Decision: r.decision(p.GetDecision()),
		Frees: list(p.GetFrees(), holderFrom),
	}
}

func startTo(d deploy.Start) *pb.Start {
	return &pb.Start{Worker: string(d.Worker), Executors: d.Executors, Cores: d.Cores}
}

func startFrom(p *pb.Start) deploy.Start {
	return deploy.Start{Worker: deploy.WorkerID(p.GetWorker()), Executors: p.GetExecutors(), Cores: p.GetCores()}
}

func holderTo(d deploy.Holder) *pb.Holder {
	return &pb.Holder{Worker: string(d.Worker), Subject: d.Subject, Has: resourcesTo(d.Has)}
}

func holderFrom(p *pb.Holder) deploy.Holder {
	return deploy.Holder{Worker: deploy.WorkerID(p.GetWorker()), Subject: p.GetSubject(), Has: resourcesFrom(p.GetHas())}
}
