package deploy

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// AppID names an application for ever, such as app-20261120223045-0007.
type AppID string

// DriverID names a submission for ever, such as driver-20261120223045-0002. Its attempts share it.
type DriverID string

// WorkerID names a worker across restarts of its process, such as worker-20261120223045-10.0.0.7-41234.
type WorkerID string

// ExecutorID names an executor: a number counted per application, never reused.
type ExecutorID struct {
	App AppID
	Num int32
}

// String gives app/num, the form people read and type.
func (e ExecutorID) String() string { return string(e.App) + "/" + strconv.Itoa(int(e.Num)) }

// IsZero tells whether e names nothing.
func (e ExecutorID) IsZero() bool { return e.App == "" }

// ParseExecutorID reads app/num.
func ParseExecutorID(s string) (ExecutorID, error) {
	app, num, ok := strings.Cut(s, "/")
	n, err := strconv.ParseInt(num, 10, 32)
	if !ok || err != nil || n < 0 {
		return ExecutorID{}, refusal("executor id", s, "write it as APP/NUMBER, such as app-20261120223045-0007/3")
	}
	if err := CheckID("app id", app); err != nil {
		return ExecutorID{}, err
	}
	return ExecutorID{App: AppID(app), Num: int32(n)}, nil
}

// ClusterID is drawn once per cluster and kept with its records.
type ClusterID [16]byte

// String gives 32 hexadecimal digits.
func (c ClusterID) String() string { return hex.EncodeToString(c[:]) }

// IsZero tells whether the cluster is still unnamed.
func (c ClusterID) IsZero() bool { return c == ClusterID{} }

// MarshalText writes the hexadecimal form.
func (c ClusterID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the hexadecimal form.
func (c *ClusterID) UnmarshalText(b []byte) error {
	if len(b) != 2*len(c) {
		return fmt.Errorf("cluster id %q: %w: 32 hexadecimal digits are needed", b, ErrInvalid)
	}
	if _, err := hex.Decode(c[:], b); err != nil {
		return fmt.Errorf("cluster id %q: %w: %w", b, ErrInvalid, err)
	}
	return nil
}

// Epoch counts the terms of a cluster's leaders. Everything a leader orders carries it; a lower one is refused.
type Epoch uint64

// SessionID numbers one connection within one leader's epoch; a peer obeys only its newest session.
type SessionID uint64

// Incarnation counts the processes that served under one worker id.
type Incarnation uint64

// Attempt counts the launches of one driver, from 1.
type Attempt uint32

// RequestID is chosen by a client and makes a request idempotent: a repeat gets the first answer, also from the next leader.
type RequestID string

// LaunchID names one order to start a process. It is never reused; kills, reports and handles name it.
type LaunchID struct {
	Epoch Epoch
	Seq   uint64
}

// String gives epoch-seq.
func (l LaunchID) String() string {
	return strconv.FormatUint(uint64(l.Epoch), 10) + "-" + strconv.FormatUint(l.Seq, 10)
}

// IsZero tells whether l names nothing.
func (l LaunchID) IsZero() bool { return l == LaunchID{} }

// Compare orders launches by time of decision: -1, 0 or 1.
func (l LaunchID) Compare(m LaunchID) int {
	switch {
	case l == m:
		return 0
	case l.Epoch < m.Epoch, l.Epoch == m.Epoch && l.Seq < m.Seq:
		return -1
	}
	return 1
}

// ParseLaunchID reads epoch-seq.
func ParseLaunchID(s string) (LaunchID, error) {
	a, b, ok := strings.Cut(s, "-")
	epoch, err1 := strconv.ParseUint(a, 10, 64)
	seq, err2 := strconv.ParseUint(b, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return LaunchID{}, refusal("launch id", s, "write it as EPOCH-SEQ, such as 3-17")
	}
	return LaunchID{Epoch: Epoch(epoch), Seq: seq}, nil
}
