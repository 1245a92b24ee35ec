package why

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// MostPlanned bounds how many executors of one profile one question may ask for.
const MostPlanned = 50_000

// Terms are what a dry run goes by besides the rows.
type Terms struct {
	Policy       scheduler.SchedulerPolicy // an instance that nobody else uses
	Name         string                    // of the policy, for people
	DefaultCores int32                     // of an application that names no maximum; deploy.NoLimit
	MaxDrivers   int32                     // running at a time; deploy.NoLimit
	Queues       []deploy.Queue            // as configured
	DefaultQueue string                    // of who names none
}

// Plan says what would become of an application or a driver that were submitted now. What is wrong with the request in itself has been refused
// before, but for an unknown queue and too many executors. Errors wrap deploy.ErrInvalid, deploy.ErrNotFound, what the policy says, or the end
// of ctx.
func Plan(ctx context.Context, rows *status.Store, now time.Time, t Terms, ask deploy.Plan) (deploy.Outlook, error) {
	out, err := plan(ctx, rows, now, &t, &ask)
	if err != nil {
		return deploy.Outlook{}, fmt.Errorf("plan: %w", err)
	}
	return out, nil
}

func plan(ctx context.Context, rows *status.Store, now time.Time, t *Terms, ask *deploy.Plan) (deploy.Outlook, error) {
	b, err := read(ctx, rows, now)
	if err != nil {
		return deploy.Outlook{}, err
	}
	run := dryRun{replica: b, own: newRules()}
	if err := run.add(ask, t); err != nil {
		return deploy.Outlook{}, err
	}
	if _, _, never := run.never(&run.parts[0], ask); !never || len(run.parts) > 1 { // else no plan is needed to know
		if err := run.simulate(ctx, t); err != nil {
			return deploy.Outlook{}, err
		}
	}
	out := deploy.Outlook{Policy: t.Name}
	for i := range run.parts {
		p := &run.parts[i]
		p.list(run.seats)
		run.judge(p, ask)
		if p.out.Verdict == deploy.VerdictWaits {
			if err := run.holders(ctx, rows, p); err != nil {
				return deploy.Outlook{}, err
			}
		}
		out.Parts = append(out.Parts, p.out)
		out.Verdict = max(out.Verdict, p.out.Verdict)
	}
	out.Text = run.sentence(&out)
	return out, nil
}

// dryRun is one question being answered.
type dryRun struct {
	*replica
	parts []part
	own   *rules // what would start forbids to what waits
}

// part is one profile that is asked for, or the driver.
type part struct {
	row    scheduler.DemandRow
	out    deploy.Outcome
	reason scheduler.Reason
	waits  bool // the policy gave a reason
	on     map[scheduler.WorkerRef]deploy.Start
}

// add puts what is asked for behind all that waits.
func (d *dryRun) add(ask *deploy.Plan, t *Terms) error {
	if ask.Driver != nil {
		place, err := d.placement("driver", ask.Driver.Place, t)
		if err != nil {
			return err
		}
		row := driverDemand("", &ask.Driver.Need, &place)
		d.addPart(row, &place, ask.Driver.Need, 1)
		return nil
	}
	place, err := d.placement("application", ask.App.Place, t)
	if err != nil {
		return err
	}
	share := uint32(len(d.demands) + 1)
	for i := range ask.App.Profiles {
		p := &ask.App.Profiles[i]
		row := appDemand("", p, &place)
		row.Share, row.Units, row.Cores = share, deploy.NoLimit, ask.App.CoresMax
		if row.Cores == 0 {
			row.Cores = t.DefaultCores
		}
		if i := slices.IndexFunc(ask.App.Targets, func(x deploy.Target) bool { return x.Profile == p.ID }); i >= 0 {
			row.Units = ask.App.Targets[i].Total
		}
		if row.Units > MostPlanned && row.Units != deploy.NoLimit {
			return fmt.Errorf("profile %d: %d executors; ask for at most %d, or for as many as there is room for: %w", p.ID, row.Units, MostPlanned, deploy.ErrInvalid)
		}
		d.addPart(row, &place, deploy.Resources{Cores: p.Cores, MemoryMiB: p.MemoryMiB, Custom: p.Custom}, row.Units)
	}
	return nil
}

// placement completes where something is to be placed, and refuses an unknown queue.
func (d *dryRun) placement(what string, place deploy.Placement, t *Terms) (deploy.Placement, error) {
	if place.Queue == "" {
		place.Queue = t.DefaultQueue
	}
	tree, err := deploy.QueueTree(t.Queues)
	if err != nil {
		return place, err
	}
	return place, deploy.CheckQueueKnown(what, tree, place.Queue)
}

func (d *dryRun) addPart(row scheduler.DemandRow, place *deploy.Placement, need deploy.Resources, asked int32) {
	ref := d.replica.add(row, place)
	p := part{row: d.demands[ref]}
	p.out.Profile, p.out.Need, p.out.Asked = row.Profile, need, asked
	d.parts = append(d.parts, p)
}

// simulate lets the policy place everything that waits, what is asked for last, and books what it grants.
func (d *dryRun) simulate(ctx context.Context, t *Terms) error {
	state := scheduler.NewState(scheduler.Config{})
	if err := state.Apply(d.update(t.MaxDrivers)); err != nil {
		return fmt.Errorf("books of the dry run: %w", err)
	}
	made, err := t.Policy.Place(ctx, state.View(0))
	if err != nil {
		return fmt.Errorf("policy %s: %w", t.Name, err)
	}
	first := d.parts[0].row.Ref
	for _, g := range made.Grants {
		w := &d.seats[g.Worker].WorkerRow
		taken := resources(&d.demands[g.Demand].Need)
		taken.Cores = g.Cores
		w.Free = less(&w.Free, &taken)
		if g.Demand >= first {
			d.parts[g.Demand-first].start(g.Worker, g.Cores)
			d.own.add(&d.demands[g.Demand], w, 1)
		}
	}
	for i := range made.Waiting {
		if w := &made.Waiting[i]; w.Demand >= first {
			d.parts[w.Demand-first].reason, d.parts[w.Demand-first].waits = w.Reason, true
		}
	}
	return nil
}

// start counts one grant.
func (p *part) start(w scheduler.WorkerRef, cores int32) {
	if p.on == nil {
		p.on = map[scheduler.WorkerRef]deploy.Start{}
	}
	s := p.on[w]
	s.Executors++
	s.Cores += cores
	p.on[w] = s
	p.out.Starts++
	p.out.Cores += int64(cores)
}

// list names the workers that something starts on, by id.
func (p *part) list(seats []seat) {
	p.out.Workers = len(p.on)
	for _, ref := range slices.Sorted(maps.Keys(p.on))[:min(len(p.on), deploy.MostListed)] {
		s := p.on[ref]
		s.Worker = seats[ref].ID
		p.out.Places = append(p.out.Places, s)
	}
}
