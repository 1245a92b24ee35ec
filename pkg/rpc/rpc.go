package rpc

import (
	"context"
	"errors"
	"iter"
	"net"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
)

// Errors of transports.
var (
	// ErrClosed says that the session has ended; the text says why.
	ErrClosed = errors.New("rpc: session closed")
	// ErrSlowPeer says that the peer's queue was full and it was hung up.
	ErrSlowPeer = errors.New("rpc: peer too slow, hung up")
	// ErrHello says that the two sides do not fit: role, version or cluster. It wraps deploy.ErrMismatch with a sentence.
	ErrHello = errors.New("rpc: hello refused")
)

// Item is one message of a frame. Orders of a master carry a Stamp. Re, if not 0, is the question it answers.
type Item struct {
	Stamp deploy.Stamp
	Re    deploy.CallID
	Msg   deploy.Message
}

// Peer is the other side of a session.
type Peer struct {
	Hello     deploy.Hello
	Principal deploy.Principal
	Remote    string // network address, for people
}

// Conn is one session. Either side may send at any time.
type Conn interface {
	// Peer is who has said hello; it does not change while the session lasts.
	Peer() Peer
	// Send queues items in order, without blocking; they may share a frame with others. A full queue hangs the peer up: ErrSlowPeer.
	Send(items ...Item) error
	// Recv gives the items of the next frame. After the end it returns ErrClosed with the reason.
	Recv(ctx context.Context) ([]Item, error)
	// Close ends the session after what is queued has been sent; reason is told to the peer.
	Close(reason string)
}

// Query selects rows. An empty ID is all of Kind. Follow goes on with changes after the present rows.
type Query struct {
	Kind   deploy.RowKind
	ID     string
	App    deploy.AppID // executors and decisions of one application
	State  string       // exact name of a state; empty is any
	Limit  int          // of the present rows; 0 is the server's page size
	After  string       // continue behind this id
	Follow bool
	Ended  bool // finished applications and drivers too
}

// Rows is one page or one group of changes. Next is where to continue; Whole marks the end of the present rows.
type Rows struct {
	Rows  []deploy.Row
	Next  string
	Whole bool
}

// LogQuery selects a part of an output file. A negative Offset counts from the end.
type LogQuery struct {
	Executor deploy.ExecutorID
	Driver   deploy.DriverID
	Attempt  deploy.Attempt // of the driver; 0 is the newest
	Stream   string         // stdout or stderr
	Offset   int64
	Limit    int64 // bytes; 0 is no limit
	Follow   bool
}

// LogChunk is a piece of an output file. Offset counts from the first byte ever written, across rolled files.
type LogChunk struct {
	Offset int64
	Data   []byte
}

// Server is what one listening process answers; a nil field answers ErrUnavailable.
type Server struct {
	Hello   func() deploy.Hello // this side's, made anew for each session
	Session func(ctx context.Context, c Conn) error
	Call    func(ctx context.Context, from deploy.Principal, req deploy.Message) (deploy.Message, error)
	Watch   func(ctx context.Context, from deploy.Principal, q Query) iter.Seq2[Rows, error]
	Logs    func(ctx context.Context, from deploy.Principal, q LogQuery) iter.Seq2[LogChunk, error]
	Blobs   artifact.Store
}

// Client asks one address. It is safe for concurrent use.
type Client interface {
	// Call asks one question. A Refused answer is returned as its Fault; a Standby one as deploy.ErrNotLeader in a *NotLeader.
	Call(ctx context.Context, req deploy.Message) (deploy.Message, error)
	// Watch gives the rows of q page by page, then their changes if q follows, until ctx ends.
	Watch(ctx context.Context, q Query) iter.Seq2[Rows, error]
	// Logs gives a stream's bytes from q on, and what is appended if q follows, until ctx ends.
	Logs(ctx context.Context, q LogQuery) iter.Seq2[LogChunk, error]
	// Blobs is the artifact store behind the address.
	Blobs() artifact.Store
}

// Transport carries sessions and questions.
type Transport interface {
	// Serve answers on l until ctx ends; it closes l and waits for its sessions.
	Serve(ctx context.Context, l net.Listener, s Server) error
	// Dial opens a session as me; Hello is exchanged before it returns.
	Dial(ctx context.Context, to deploy.Address, me deploy.Hello) (Conn, error)
	// Client gives a client of one address; connections are shared and made when needed.
	Client(to deploy.Address) (Client, error)
	Close() error
}

// NotLeader says that a master does not lead, and who does if that is known.
type NotLeader struct{ Standby deploy.Standby }

// Error is a sentence.
func (e *NotLeader) Error() string {
	if e.Standby.Leader.IsZero() {
		return "this master is " + e.Standby.State.String() + " and knows no leader"
	}
	return "this master is " + e.Standby.State.String() + "; the leader is " + e.Standby.Leader.String()
}

// Unwrap gives deploy.ErrNotLeader.
func (e *NotLeader) Unwrap() error { return deploy.ErrNotLeader }
