package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

var (
	one, two, three = deploy.Address{Host: "one", Port: 7077}, deploy.Address{Host: "two", Port: 7077}, deploy.Address{Host: "three", Port: 7077}

	errDown = fmt.Errorf("connection refused: %w", deploy.ErrUnavailable)
)

// network is a Transport of masters that answer as they are told; an address that is not among them is down.
type network struct {
	mu    sync.Mutex
	says  map[deploy.Address]error // nil: it leads
	asked []deploy.Address         // in order
	rows  func(at deploy.Address) iter.Seq2[rpc.Rows, error]
}

func (n *network) set(at deploy.Address, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.says[at] = err
}

// whom gives the addresses asked since the last call.
func (n *network) whom() []deploy.Address {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.asked
	n.asked = nil
	return out
}

func (n *network) ask(at deploy.Address) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, at)
	err, ok := n.says[at]
	if !ok {
		return errDown
	}
	return err
}

func (n *network) Client(to deploy.Address) (rpc.Client, error)          { return fakeMaster{n, to}, nil }
func (n *network) Serve(context.Context, net.Listener, rpc.Server) error { return deploy.ErrInvalid }
func (n *network) Close() error                                          { return nil }
func (n *network) Dial(context.Context, deploy.Address, deploy.Hello) (rpc.Conn, error) {
	return nil, deploy.ErrInvalid
}

// fakeMaster is the client of one address; it is that address's store too.
type fakeMaster struct {
	net *network
	at  deploy.Address
}

func (m fakeMaster) Call(context.Context, deploy.Message) (deploy.Message, error) {
	if err := m.net.ask(m.at); err != nil {
		return nil, err
	}
	return deploy.Accepted{ID: m.at.String()}, nil
}

func (m fakeMaster) Watch(context.Context, rpc.Query) iter.Seq2[rpc.Rows, error] {
	return func(yield func(rpc.Rows, error) bool) {
		if err := m.net.ask(m.at); err != nil {
			yield(rpc.Rows{}, err)
			return
		}
		m.net.rows(m.at)(yield)
	}
}

func (m fakeMaster) Logs(context.Context, rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
	return func(yield func(rpc.LogChunk, error) bool) {
		err := m.net.ask(m.at)
		yield(rpc.LogChunk{Data: []byte(m.at.String())}, err)
	}
}

func (m fakeMaster) Blobs() artifact.Store { return fakeStore{master: m} }

type fakeStore struct {
	artifact.Store

	master fakeMaster
}

func (s fakeStore) Has(context.Context, deploy.Digest) (bool, error) {
	return false, s.master.net.ask(s.master.at)
}

func standby(leader deploy.Address) error {
	return &rpc.NotLeader{Standby: deploy.Standby{Leader: leader}}
}

func call(t *testing.T, c *rpc.Cluster) (string, error) {
	t.Helper()
	answer, err := c.Call(t.Context(), deploy.KillApp{})
	if err != nil {
		return "", err
	}
	return answer.(deploy.Accepted).ID, nil
}

// TestClusterFindsLeader: whom a question reaches, and in which order masters are asked for it.
func TestClusterFindsLeader(t *testing.T) {
	tests := []struct {
		name   string
		named  []deploy.Address
		says   map[deploy.Address]error
		leader deploy.Address
		asked  []deploy.Address
	}{
		{"the first leads", []deploy.Address{one, two}, map[deploy.Address]error{one: nil}, one, []deploy.Address{one}},
		{"the last of three leads", []deploy.Address{one, two, three}, map[deploy.Address]error{one: standby(deploy.Address{}), three: nil}, three,
			[]deploy.Address{one, two, three}},
		{"a standby names the leader, which is asked next", []deploy.Address{one, two, three}, map[deploy.Address]error{one: standby(three), three: nil}, three,
			[]deploy.Address{one, three}},
		{"a standby names a leader that was not named", []deploy.Address{one}, map[deploy.Address]error{one: standby(two), two: nil}, two,
			[]deploy.Address{one, two}},
		{"standbys that name each other are not chased in circles", []deploy.Address{one, two, three},
			map[deploy.Address]error{one: standby(two), two: standby(one), three: nil}, three, []deploy.Address{one, two, three}},
		{"one that recovers is passed over", []deploy.Address{one, two}, map[deploy.Address]error{one: deploy.ErrRecovering, two: nil}, two,
			[]deploy.Address{one, two}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := &network{says: tt.says}
			got, err := call(t, rpc.NewCluster(n, tt.named, 0))
			if err != nil || got != tt.leader.String() {
				t.Fatalf("answered by %q, %v; want %s", got, err, tt.leader)
			}
			if asked := n.whom(); !slices.Equal(asked, tt.asked) {
				t.Fatalf("asked %v; want %v", asked, tt.asked)
			}
		})
	}
}

// TestClusterRemembersLeader: the leader found is asked first from then on, also one that was not named, until it fails.
func TestClusterRemembersLeader(t *testing.T) {
	n := &network{says: map[deploy.Address]error{one: standby(three), three: nil}}
	c := rpc.NewCluster(n, []deploy.Address{one, two}, 0)
	steps := []struct {
		change func()
		asked  []deploy.Address
	}{
		{func() {}, []deploy.Address{one, three}},
		{func() {}, []deploy.Address{three}},
		{func() { n.set(three, errDown); n.set(one, nil) }, []deploy.Address{three, one}},
		{func() { n.set(three, nil) }, []deploy.Address{one}},
	}
	for i, s := range steps {
		s.change()
		if _, err := call(t, c); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if asked := n.whom(); !slices.Equal(asked, s.asked) {
			t.Fatalf("step %d: asked %v; want %v", i, asked, s.asked)
		}
	}
	n.set(one, errDown)
	n.set(three, errDown)
	if _, err := call(t, c); err == nil {
		t.Fatal("nobody leads, yet the question was answered")
	}
	n.whom()
	if _, err := call(t, c); err == nil {
		t.Fatal("nobody leads, yet the question was answered")
	}
	if asked := n.whom(); !slices.Equal(asked, []deploy.Address{one, two}) {
		t.Fatalf("after the leader failed %v were asked; want the named ones only", asked)
	}
}

// TestClusterErrors: an error names every address tried; one that no other master would answer differently is returned at once.
func TestClusterErrors(t *testing.T) {
	n := &network{says: map[deploy.Address]error{one: standby(three)}}
	_, err := call(t, rpc.NewCluster(n, []deploy.Address{one, two}, 0))
	if !errors.Is(err, deploy.ErrUnavailable) || !errors.Is(err, deploy.ErrNotLeader) {
		t.Fatalf("the kinds of both failures are lost: %v", err)
	}
	for _, want := range []string{"one:7077", "two:7077", "three:7077"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	for _, verdict := range []error{deploy.ErrNotFound, deploy.ErrInvalid, deploy.ErrDenied} {
		n := &network{says: map[deploy.Address]error{one: verdict, two: nil}}
		_, err := call(t, rpc.NewCluster(n, []deploy.Address{one, two}, time.Hour))
		if asked := n.whom(); !errors.Is(err, verdict) || len(asked) != 1 {
			t.Errorf("%v after asking %v; want %v of the first", err, asked, verdict)
		}
	}
}

// TestClusterPatience: questions are asked again while nobody leads, for as long as the patience lasts or the caller waits.
func TestClusterPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{says: map[deploy.Address]error{one: standby(deploy.Address{})}}
		c := rpc.NewCluster(n, []deploy.Address{one}, 10*time.Second)
		time.AfterFunc(4*time.Second, func() { n.set(one, nil) })
		begun := time.Now()
		if _, err := call(t, c); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("a leader of after 4s was found after %s", took)
		}
		n.set(one, errDown)
		begun = time.Now()
		if _, err := call(t, c); !errors.Is(err, deploy.ErrUnavailable) {
			t.Errorf("%v; want that nobody is there", err)
		}
		if took := time.Since(begun); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("gave up after %s; the patience is 10s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if _, err := c.Call(ctx, deploy.KillApp{}); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, deploy.ErrUnavailable) {
			t.Errorf("%v; want the end of the caller's time, and why nobody answered", err)
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("the caller had 1s and got its answer after %s", took)
		}
	})
}

// TestClusterStreams: a stream moves on to another master only before its first element.
func TestClusterStreams(t *testing.T) {
	n := &network{says: map[deploy.Address]error{one: nil, two: nil}}
	n.rows = func(at deploy.Address) iter.Seq2[rpc.Rows, error] {
		return func(yield func(rpc.Rows, error) bool) {
			if at == one {
				yield(rpc.Rows{}, standby(two))
				return
			}
			if yield(rpc.Rows{Next: "a"}, nil) && yield(rpc.Rows{Next: "b"}, nil) {
				yield(rpc.Rows{}, errDown)
			}
		}
	}
	watch := func(c *rpc.Cluster, most int) (got []string, last error) {
		for r, err := range c.Watch(t.Context(), rpc.Query{}) {
			if last = err; err == nil {
				got = append(got, r.Next)
			}
			if len(got) == most {
				break
			}
		}
		return got, last
	}
	c := rpc.NewCluster(n, []deploy.Address{one, two}, time.Hour)
	got, err := watch(c, 10)
	if !slices.Equal(got, []string{"a", "b"}) || !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("rows %v, then %v; want a and b of two, then its failure", got, err)
	}
	if asked := n.whom(); !slices.Equal(asked, []deploy.Address{one, two}) {
		t.Errorf("asked %v; want nobody after the stream had begun", asked)
	}
	if got, err := watch(c, 1); !slices.Equal(got, []string{"a"}) || err != nil {
		t.Errorf("a reader that has had enough got %v, %v", got, err)
	}
	n.set(one, errDown)
	n.set(two, errDown)
	if got, err := watch(rpc.NewCluster(n, []deploy.Address{one, two}, 0), 10); len(got) > 0 || !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("nobody is there, yet rows %v, %v", got, err)
	}
}

// TestClusterLogsAndBlobs: the other questions find the leader as Call does.
func TestClusterLogsAndBlobs(t *testing.T) {
	n := &network{says: map[deploy.Address]error{one: standby(two), two: nil}}
	for piece, err := range rpc.NewCluster(n, []deploy.Address{one}, 0).Logs(t.Context(), rpc.LogQuery{}) {
		if err != nil || string(piece.Data) != "two:7077" {
			t.Errorf("log %q, %v; want the leader's", piece.Data, err)
		}
	}
	store, err := rpc.NewCluster(n, []deploy.Address{one}, 0).Blobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if at := store.(fakeStore).master.at; at != two {
		t.Errorf("the store of %s; want the leader's", at)
	}
}
