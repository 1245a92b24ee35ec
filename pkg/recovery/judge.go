package recovery

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// judge sorts what was read: whose it is, what is missing, what stays. It names the cluster.
func (in *intake) judge(epoch deploy.Epoch, opts Options) (deploy.ClusterID, error) {
	cluster := in.cluster(opts)
	newest := deploy.Epoch(0)
	if in.head != nil {
		newest = in.head.epoch
	}
	keep := in.sound[:0]
	for _, s := range in.sound {
		if s.cluster != cluster {
			in.drop(s, DamageForeign, "it is of cluster "+s.cluster.String()+", the others of "+cluster.String())
			continue
		}
		if _, twice := in.audit.live[s.record.Key]; twice {
			return cluster, fmt.Errorf("record %q: %w: the engine gave it twice", s.record.Key, ErrDamaged)
		}
		in.audit.live[s.record.Key] = s.seq
		in.count(&s)
		in.last, newest = max(in.last, s.seq), max(newest, s.epoch)
		keep = append(keep, s)
	}
	clear(in.sound[len(keep):])
	in.sound = keep
	if newest >= epoch {
		return cluster, fmt.Errorf("epoch %d has begun, but epoch %d has written: %w: an engine that was restored must begin above all it has seen", epoch, newest, ErrDamaged)
	}
	if in.head != nil {
		in.audit.run()
		in.dropReturned()
	}
	sortDamage(in.audit.found)
	return cluster, nil
}

// count enters a record into the audit, unless it is newer than the head, which then cannot count it.
func (in *intake) count(s *sound) {
	if in.head == nil {
		return
	}
	if s.seq > in.head.seq || s.epoch > in.head.epoch {
		in.audit.found = append(in.audit.found, Damage{Kind: DamageAhead, Key: s.record.Key, Seq: s.seq,
			Text: fmt.Sprintf("written in epoch %d; the head ends at number %d of epoch %d", s.epoch, in.head.seq, in.head.epoch)})
		return
	}
	in.audit.have[kindOfKey(s.record.Key).index()].add(s.record.Key, s.seq)
}

// drop sets a readable record aside.
func (in *intake) drop(s sound, why DamageKind, text string) {
	in.aside = append(in.aside, s.record)
	in.audit.found = append(in.audit.found, Damage{Kind: why, Key: s.record.Key, Seq: s.seq, Text: text})
}

// dropReturned sets aside what was deleted and came back: who asked for its deletion was told that it is gone.
func (in *intake) dropReturned() {
	for _, d := range in.audit.found {
		if d.Kind != DamageReturned {
			continue
		}
		in.sound = slices.DeleteFunc(in.sound, func(s sound) bool {
			if s.record.Key != d.Key {
				return false
			}
			in.aside = append(in.aside, s.record)
			delete(in.audit.live, s.record.Key)
			return true
		})
	}
}

// refused tells whether the damage is more than single records that cannot be read.
func (in *intake) refused(opts Options) bool {
	return !opts.AcceptLoss && slices.ContainsFunc(in.audit.found, func(d Damage) bool { return d.Kind != DamageCorrupt })
}

// cluster is the head's, without a head that of most records, without records a new one.
func (in *intake) cluster(opts Options) deploy.ClusterID {
	if in.head != nil {
		return in.head.cluster
	}
	votes := map[deploy.ClusterID]int{}
	for i := range in.sound {
		votes[in.sound[i].cluster]++
	}
	var most deploy.ClusterID
	for c, n := range votes {
		if n > votes[most] || n == votes[most] && bytes.Compare(c[:], most[:]) < 0 {
			most = c
		}
	}
	switch {
	case len(votes) > 0:
		return most
	case opts.NewCluster != nil:
		return opts.NewCluster()
	}
	return drawCluster()
}
