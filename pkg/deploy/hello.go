package deploy

// Role says what a peer is.
type Role uint8

// The roles.
const (
	RoleClient   Role = iota // a command line or program that submits and asks
	RoleMaster               // a master
	RoleWorker               // a worker
	RoleApp                  // an application's driver, towards the master
	RoleExecutor             // an executor, towards its driver
)

var roleNames = []string{"client", "master", "worker", "app", "executor"}

// String names the role.
func (r Role) String() string { return stateName(r, roleNames) }

// ProtocolVersion is spoken by this build. Peers of another version are refused with a sentence that names both.
const ProtocolVersion uint32 = 1

// Hello opens every session, from both sides.
type Hello struct {
	Role      Role
	Protocol  uint32
	Version   string    // of the program
	Cluster   string    // the name of the cluster, as configured; empty matches any
	ID        string    // worker id, app id, executor id, or the master's name
	Address   Address   // where this peer can be dialled, if it can
	Epoch     Epoch     // a leader's; 0 otherwise
	ClusterID ClusterID // a leader's; zero otherwise
	Token     Secret
}

// Principal is who speaks, as the door established it.
type Principal struct {
	Name          string
	Roles         []string
	Authenticated bool
}

// PeerID numbers a connection within one process. 0 is nobody.
type PeerID uint64

// CallID numbers a question that waits for its answer within one process. 0 is no question.
type CallID uint64

// Stamp proves an order: who leads, in which session of the receiver, and which order of that session it is.
// Seq is dense from 1 within a session, so that the receiver sees a duplicate (not above the last) and a gap (session over, register anew).
type Stamp struct {
	Cluster ClusterID
	Epoch   Epoch
	Session SessionID
	Seq     uint64
}
