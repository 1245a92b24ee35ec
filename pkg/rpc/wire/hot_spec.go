package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/musterproject/muster/pkg/deploy"
)

func (a *appender) launchID(num protowire.Number, l deploy.LaunchID) {
	if l.IsZero() {
		return
	}
	mark := a.open(num)
	a.uint(1, uint64(l.Epoch))
	a.uint(2, l.Seq)
	a.close(mark)
}

func (c *cursor) launchID() (l deploy.LaunchID) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			l.Epoch = deploy.Epoch(in.uint())
		case 2:
			l.Seq = in.uint()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return l
}

func (a *appender) executorID(num protowire.Number, e deploy.ExecutorID) {
	if e == (deploy.ExecutorID{}) {
		return
	}
	mark := a.open(num)
	a.string(1, string(e.App))
	a.int(2, int64(e.Num))
	a.close(mark)
}

func (c *cursor) executorID(n *names) (e deploy.ExecutorID) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			e.App = deploy.AppID(in.name(n))
		case 2:
			e.Num = int32(in.uint())
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return e
}

func (a *appender) resources(num protowire.Number, r *deploy.Resources) {
	mark := a.open(num)
	a.int(1, int64(r.Cores))
	a.int(2, r.MemoryMiB)
	for i := range r.Custom {
		mark := a.open(3)
		a.string(1, r.Custom[i].Name)
		a.int(2, int64(r.Custom[i].Count))
		a.close(mark)
	}
	a.close(mark)
}

func (c *cursor) resources(n *names) (r deploy.Resources) {
	in := cursor{b: c.bytes(), lists: 1 << 3}
	for in.next() {
		switch in.num {
		case 1:
			r.Cores = int32(in.uint())
		case 2:
			r.MemoryMiB = int64(in.uint())
		case 3:
			r.Custom = append(r.Custom, in.amount(n))
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return r
}

func (c *cursor) amount(n *names) (a deploy.Amount) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			a.Name = in.name(n)
		case 2:
			a.Count = int32(in.uint())
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return a
}

func (a *appender) addresses(num protowire.Number, list []deploy.Addresses) {
	for i := range list {
		mark := a.open(num)
		a.string(1, list[i].Name)
		for _, unit := range list[i].Units {
			a.entry(2, unit)
		}
		a.close(mark)
	}
}

func (c *cursor) address(n *names) (a deploy.Addresses) {
	in := cursor{b: c.bytes(), lists: 1 << 2}
	for in.next() {
		switch in.num {
		case 1:
			a.Name = in.name(n)
		case 2:
			a.Units = append(a.Units, in.name(n))
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return a
}

func (a *appender) exit(num protowire.Number, e deploy.Exit) {
	if e == (deploy.Exit{}) {
		return
	}
	mark := a.open(num)
	a.int(1, int64(e.Code))
	a.int(2, int64(e.Signal))
	a.bool(3, e.OOM)
	a.close(mark)
}

func (c *cursor) exit() (e deploy.Exit) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			e.Code = int32(in.uint())
		case 2:
			e.Signal = int32(in.uint())
		case 3:
			e.OOM = in.bool()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return e
}

func (a *appender) command(num protowire.Number, d *deploy.Command) {
	mark := a.open(num)
	a.string(1, d.Program)
	for _, arg := range d.Args {
		a.entry(2, arg)
	}
	for i := range d.Env {
		mark := a.open(3)
		a.string(1, d.Env[i].Name)
		a.string(2, d.Env[i].Value)
		a.close(mark)
	}
	for i := range d.Artifacts {
		f := &d.Artifacts[i]
		mark := a.open(4)
		a.string(1, string(f.Digest))
		a.string(2, f.Name)
		a.int(3, f.Size)
		a.bool(4, f.Executable)
		a.close(mark)
	}
	a.close(mark)
}

func (c *cursor) command(n *names) (d deploy.Command) {
	in := cursor{b: c.bytes(), lists: 1<<2 | 1<<3 | 1<<4}
	for in.next() {
		switch in.num {
		case 1:
			d.Program = in.name(n)
		case 2:
			d.Args = append(d.Args, in.name(n))
		case 3:
			d.Env = append(d.Env, in.envVar(n))
		case 4:
			d.Artifacts = append(d.Artifacts, in.artifact(n))
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return d
}

func (c *cursor) envVar(n *names) (e deploy.EnvVar) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			e.Name = in.name(n)
		case 2:
			e.Value = in.string() // may be a secret: not kept
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return e
}

func (c *cursor) artifact(n *names) (f deploy.Artifact) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			f.Digest = deploy.Digest(in.name(n))
		case 2:
			f.Name = in.name(n)
		case 3:
			f.Size = int64(in.uint())
		case 4:
			f.Executable = in.bool()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return f
}
