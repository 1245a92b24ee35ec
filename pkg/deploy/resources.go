package deploy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Amount is a count of a custom resource such as gpu or fpga.
type Amount struct {
	Name  string `json:"name"`
	Count int32  `json:"amount"`
}

// Addresses are the named units of a custom resource, such as gpu: 0, 1, 2. They are granted whole.
type Addresses struct {
	Name  string   `json:"name"`
	Units []string `json:"addresses"`
}

// Resources is a need or a capacity. Custom is sorted by name and holds no zero counts.
type Resources struct {
	Cores     int32    `json:"cores"`
	MemoryMiB int64    `json:"memoryMiB"`
	Custom    []Amount `json:"custom,omitempty"`
}

// Of gives the count of the custom resource name, 0 if absent.
func (r Resources) Of(name string) int32 {
	for i := range r.Custom {
		if r.Custom[i].Name == name {
			return r.Custom[i].Count
		}
	}
	return 0
}

// String gives 4 cores, 2.0 GiB, gpu 1.
func (r Resources) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %s", r.Cores, FormatMemory(r.MemoryMiB))
	for _, a := range r.Custom {
		fmt.Fprintf(&b, ", %s %d", a.Name, a.Count)
	}
	return b.String()
}

// Counts gives how many units of each custom resource list holds, sorted by name.
func Counts(list []Addresses) []Amount {
	out := make([]Amount, 0, len(list))
	for _, a := range list {
		if len(a.Units) > 0 {
			out = append(out, Amount{Name: a.Name, Count: int32(len(a.Units))})
		}
	}
	slices.SortFunc(out, func(a, b Amount) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Profile says what each executor of one kind gets and how many are wanted. Profile 0 is an application's default.
type Profile struct {
	ID        int32    `json:"id"`
	Cores     int32    `json:"cores"` // per executor; 0: one growing executor per worker and pass, as the peer does
	MemoryMiB int64    `json:"memoryMiB"`
	Custom    []Amount `json:"custom,omitempty"` // whole addresses per executor, sorted by name
	Gang      bool     `json:"gang,omitempty"`   // all executors that are missing start together or none does; wants Cores and a Target
}

// NoLimit is an executor target without bound.
const NoLimit int32 = 1<<31 - 1

// Target is the total number of executors wanted for a profile. Lowering it kills nothing.
type Target struct {
	Profile int32 `json:"profile"`
	Total   int32 `json:"total"`
}
