package master

// Master leads.
type Master struct{}

func (m *Master) Run() {} //want:here Run has no comment

func (m Master) String() string { return "" }

type hidden struct{}

func (hidden) Shown() {}

func New() *Master { return nil } //want:here New has no comment

// Several words share one comment.
const (
	A = iota
	B
)

const (
	C = iota //want:here C has no comment, and neither has its group
	D        // D has.
	e
)

type (
	Row struct{} //want:here type Row has no comment
	// Cell is told.
	Cell struct{}
)

// Engine keeps records.
type Engine interface {
	// Load reads all.
	Load()
	Apply() //want:here Engine.Apply has no comment
}

// Closer is one method, told by its type.
type Closer interface{ Close() }
