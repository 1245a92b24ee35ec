package deploy

// FirstWaiting in Explain.Profile stands for the first profile that waits.
const FirstWaiting int32 = -1

// MostListed bounds the lists of one answer: the workers of an Explanation, the places of an Outlook.
const MostListed = 10_000

// MostExamples is how many workers a cause names; the rest is counted.
const MostExamples = 20

// Explain asks why an application or a driver waits, and on which workers.
type Explain struct {
	ID      string   // app or driver id
	Profile int32    // of an application; FirstWaiting if that is for the master to find
	Workers int32    // so many workers one by one, each with what keeps it from serving; 0 is none, MostListed the most
	After   WorkerID // list the workers behind this id
	History bool     // the last changed decisions too
}

// Explanation answers Explain: the decision that stands, and what each worker lacks now. The causes, and the workers that nothing is in the way
// of, add up to Total.
type Explanation struct {
	Subject  string     `json:"subject"`
	Profile  int32      `json:"profile"`
	State    string     `json:"state"`             // of the application or driver
	Waiting  []int32    `json:"waiting,omitempty"` // all its profiles that wait
	Need     Resources  `json:"need"`              // of one executor, or the driver
	Decision Decision   `json:"decision"`          // NONE if nothing of the profile waits
	Total    int        `json:"total"`             // workers that are not DEAD
	Fits     int        `json:"fits"`              // of these, one more has room there now
	Causes   []Cause    `json:"causes,omitempty"`
	Workers  []Obstacle `json:"workers,omitempty"` // by id
	Next     WorkerID   `json:"next,omitempty"`    // ask again with After set to this for the rest
	History  []Decision `json:"history,omitempty"` // oldest first
}

// Obstacle is the one thing that keeps an executor or driver off a worker.
type Obstacle struct {
	Worker   WorkerID   `json:"worker"`
	Code     ReasonCode `json:"code"`               // NONE: it fits
	Resource string     `json:"resource,omitempty"` // as in Cause
	Have     int64      `json:"have,omitempty"`
	Want     int64      `json:"want,omitempty"`
}

// Plan asks what would become of an application or a driver that were submitted now. Exactly one of the two is set. Nothing is changed.
type Plan struct {
	App    *AppSpec // its profiles, targets, maximum of cores and placement are looked at
	Driver *DriverSpec
}

// Verdict says what would become of a request.
type Verdict uint8

// The verdicts, the worse the later.
const (
	VerdictFits  Verdict = iota // all of it starts at once
	VerdictWaits                // some of it waits for others to end, or for workers to come or to be labelled
	VerdictNever                // some of it is larger than any worker or its queue's quota: what ends does not help
)

var verdictNames = []string{"FITS", "WAITS", "NEVER"}

// String gives the word.
func (v Verdict) String() string { return stateName(v, verdictNames) }

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word.
func (v *Verdict) UnmarshalText(b []byte) (err error) {
	*v, err = parseState[Verdict]("verdict", string(b), verdictNames)
	return err
}

// Outlook answers Plan. It holds for the moment it was made: others may come first.
type Outlook struct {
	Verdict Verdict   `json:"verdict"` // the worst of its parts
	Text    string    `json:"text"`    // a sentence
	Policy  string    `json:"policy"`  // that answered
	Parts   []Outcome `json:"parts"`   // one per profile of an application, one for a driver
}

// Outcome is the part of one profile, or the driver, in an Outlook.
type Outcome struct {
	Profile  int32     `json:"profile"`
	Verdict  Verdict   `json:"verdict"`
	Need     Resources `json:"need"`    // of one executor, or the driver
	Asked    int32     `json:"asked"`   // executors; NoLimit is as many as there is room for
	Starts   int32     `json:"starts"`  // so many start at once
	Cores    int64     `json:"cores"`   // on all these
	Workers  int       `json:"workers"` // that they start on
	Places   []Start   `json:"places,omitempty"`
	Decision Decision  `json:"decision"`        // why the rest waits; NONE if nothing does
	Frees    []Holder  `json:"frees,omitempty"` // whose end would make room for one more on one worker
}

// Start is what would start on one worker.
type Start struct {
	Worker    WorkerID `json:"worker"`
	Executors int32    `json:"executors"`
	Cores     int32    `json:"cores"`
}

// Holder is an application or driver that holds a part of a worker.
type Holder struct {
	Worker  WorkerID  `json:"worker"`
	Subject string    `json:"subject"`
	Has     Resources `json:"has"`
}

func (Explain) message()     {}
func (Explanation) message() {}
func (Plan) message()        {}
func (Outlook) message()     {}
