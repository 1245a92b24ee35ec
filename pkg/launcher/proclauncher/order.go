package proclauncher

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// order is a Spec on its way to the keeper: what the keeper needs of it, with the secrets in clear, which a deploy.Secret would not let pass.
type order struct {
	Launch      deploy.LaunchID
	Owner       string          `json:",omitempty"`
	Dir         string          `json:",omitempty"`
	Program     string          `json:",omitempty"`
	Args        []string        `json:",omitempty"`
	Env         []deploy.EnvVar `json:",omitempty"`
	Files       []launcher.File `json:",omitempty"`
	Outputs     launcher.Outputs
	Secrets     []secret      `json:",omitempty"`
	User        string        `json:",omitempty"`
	Grace       time.Duration `json:",omitempty"`
	OrphanGrace time.Duration `json:",omitempty"`
	Digest      digest        `json:"-"`
}

type secret struct{ Name, Text string }

// digest tells equal specs from others without keeping them.
type digest [sha256.Size]byte

func orderOf(s *launcher.Spec) (*order, error) {
	o := &order{
		Launch: s.Launch, Owner: s.Owner, Dir: s.Dir, Program: s.Program, Args: s.Args, Env: s.Env, Files: s.Files,
		Outputs: s.Outputs, User: s.User, Grace: s.Grace, OrphanGrace: s.OrphanGrace,
	}
	for _, c := range s.Secrets {
		o.Secrets = append(o.Secrets, secret{Name: c.Name, Text: c.Value.Reveal()})
	}
	text, err := json.Marshal(struct {
		*order
		Limits    launcher.Limits
		Addresses []deploy.Addresses `json:",omitempty"`
		Isolation launcher.Isolation
	}{o, s.Limits, s.Addresses, s.Isolation})
	if err != nil {
		return nil, fmt.Errorf("launch %s: %w", s.Launch, err)
	}
	o.Digest = sha256.Sum256(text)
	return o, nil
}
