package proclauncher

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// order is a Spec on its way to the keeper: what the keeper needs of it, with the secrets in clear, which a deploy.Secret would not let pass.
type order struct {
	Launch      deploy.LaunchID
	Owner       string
	Dir         string
	Program     string
	Args        []string
	Env         []deploy.EnvVar
	Files       []launcher.File
	Outputs     launcher.Outputs
	Secrets     []secret
	User        string
	Grace       time.Duration
	OrphanGrace time.Duration
	Digest      digest
}

type secret struct{ Name, Text string }

func orderOf(s *launcher.Spec) *order {
	o := &order{
		Launch: s.Launch, Owner: s.Owner, Dir: s.Dir, Program: s.Program, Args: s.Args, Env: s.Env, Files: s.Files,
		Outputs: s.Outputs, User: s.User, Grace: s.Grace, OrphanGrace: s.OrphanGrace, Digest: digestOf(s),
	}
	for _, c := range s.Secrets {
		o.Secrets = append(o.Secrets, secret{Name: c.Name, Text: c.Value.Reveal()})
	}
	return o
}

// digest tells equal specs from others without keeping them.
type digest [sha256.Size]byte

// digestOf covers every field of a spec; lengths before texts and lists keep neighbours apart.
func digestOf(s *launcher.Spec) digest {
	var b digestText
	b.number(int64(s.Launch.Epoch), int64(s.Launch.Seq))
	b.text(s.Owner, s.Dir, s.Program)
	b.number(int64(len(s.Args)))
	b.text(s.Args...)
	b.number(int64(len(s.Env)))
	for _, v := range s.Env {
		b.text(v.Name, v.Value)
	}
	b.number(int64(len(s.Files)))
	for _, f := range s.Files {
		b.text(f.Source, f.Name)
		b.flag(f.Executable)
	}
	b.text(s.Outputs.Stdout, s.Outputs.Stderr)
	r := s.Outputs.Rolling
	b.number(int64(r.By), r.MaxBytes, int64(r.Every), int64(r.Retain), int64(len(s.Secrets)))
	for _, c := range s.Secrets {
		b.text(c.Name, c.Value.Reveal())
	}
	b.text(s.User, s.Isolation.Want, s.Isolation.Required)
	b.number(int64(s.Limits.Cores), s.Limits.MemoryMiB, s.Limits.PIDs, int64(s.Grace), int64(s.OrphanGrace), int64(len(s.Addresses)))
	for _, a := range s.Addresses {
		b.text(a.Name)
		b.number(int64(len(a.Units)))
		b.text(a.Units...)
	}
	return sha256.Sum256(b.bytes)
}

type digestText struct{ bytes []byte }

func (b *digestText) number(list ...int64) {
	for _, n := range list {
		b.bytes = binary.AppendVarint(b.bytes, n)
	}
}

func (b *digestText) text(list ...string) {
	for _, t := range list {
		b.bytes = append(binary.AppendUvarint(b.bytes, uint64(len(t))), t...)
	}
}

func (b *digestText) flag(f bool) {
	if f {
		b.number(1)
	} else {
		b.number(0)
	}
}
