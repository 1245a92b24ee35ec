package deploy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The resources that every worker has, as Quantity names them; memory is in MiB. Other names are custom resources.
const (
	ResourceCores  = "cores"
	ResourceMemory = "memory"
)

// ResourceGang is the resource of a Cause that counts the workers with room for some executors of a gang: Have of Want fit at once, and the code
// says what most of these workers lack for more.
const ResourceGang = "gang"

// RootQueue is what people call the root, whose path is empty.
const RootQueue = "root"

// Quantity is an amount of one resource over the whole cluster.
type Quantity struct {
	Resource string `json:"resource"`
	Amount   int64  `json:"amount"` // cores, MiB or units
}

// Queue is a place in the tree of queues. Its name is the path from the root, which has none: prod, prod.etl.
type Queue struct {
	Name    string     `json:"name"`
	Weight  float64    `json:"weight"`            // its part among its siblings, above 0
	Min     []Quantity `json:"min,omitempty"`     // sorted; below it the queue comes before siblings that are not
	Quota   []Quantity `json:"quota,omitempty"`   // sorted; never more than this, with all queues below it
	Dynamic bool       `json:"dynamic,omitempty"` // queues right below it come into being, with weight 1, when an application names them
}

// Parent gives the path of the queue above; of the root and the queues right below it, the root's.
func (q *Queue) Parent() string {
	return q.Name[:max(0, strings.LastIndexByte(q.Name, '.'))]
}

// Check reports the first fault.
func (q *Queue) Check() error {
	if err := CheckQueuePath("queue", q.Name); err != nil {
		return err
	}
	what := fmt.Sprintf("queue %q", q.Name)
	if math.IsNaN(q.Weight) || q.Weight < 1e-6 || q.Weight > 1e6 {
		return fmt.Errorf("%s: weight %v; use a number from 0.000001 to 1000000: %w", what, q.Weight, ErrInvalid)
	}
	if err := checkQuantities(what+": minimum", q.Min); err != nil {
		return err
	}
	if err := checkQuantities(what+": quota", q.Quota); err != nil {
		return err
	}
	for _, least := range q.Min {
		for _, most := range q.Quota {
			if least.Resource == most.Resource && least.Amount > most.Amount {
				return fmt.Errorf("%s: its minimum of %s is %d and its quota %d; it could never have the first: lower it: %w", what, least.Resource, least.Amount, most.Amount, ErrInvalid)
			}
		}
	}
	return nil
}

func checkQuantities(what string, list []Quantity) error {
	for i, a := range list {
		if err := CheckLabelKey(what+": resource", a.Resource); err != nil {
			return err
		}
		if a.Amount < 0 {
			return fmt.Errorf("%s: %s is %d; use 0 or more: %w", what, a.Resource, a.Amount, ErrInvalid)
		}
		if i > 0 && list[i-1].Resource >= a.Resource {
			return fmt.Errorf("%s: %s stands after %s; name each resource once, sorted: %w", what, a.Resource, list[i-1].Resource, ErrInvalid)
		}
	}
	return nil
}

const (
	mostQueueDepth = 8
	mostQueueBytes = 200
)

// CheckQueuePath accepts a path of at most 8 names between dots, each of A-Z, a-z, 0-9, '_' and '-'; the empty path is the root.
func CheckQueuePath(what, path string) error {
	if path == "" {
		return nil
	}
	if len(path) > mostQueueBytes {
		return refusal(what, path, fmt.Sprintf("is too long; use at most %d bytes", mostQueueBytes))
	}
	names := strings.Split(path, ".")
	if names[0] == RootQueue {
		return refusal(what, path, "begins with root; paths begin below it, and the root itself is the empty path: leave root away")
	}
	if len(names) > mostQueueDepth {
		return refusal(what, path, fmt.Sprintf("is %d levels deep; use at most %d", len(names), mostQueueDepth))
	}
	for _, name := range names {
		if name == "" || strings.ContainsFunc(name, notInQueueName) {
			return refusal(what, path, "is no path of names between dots; a name has A-Z, a-z, 0-9, '_' and '-'")
		}
	}
	return nil
}

func notInQueueName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
}

// ParseQuantities reads cores=10, memory=20g, gpu=2: memory as configuration writes sizes, other amounts as whole numbers.
func ParseQuantities(text string) ([]Quantity, error) {
	var list []Quantity
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, amount, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%s: %w: write resource=amount between commas, as in cores=10, memory=20g, gpu=2", quoted(part), ErrInvalid)
		}
		q := Quantity{Resource: strings.TrimSpace(name)}
		var err error
		if amount = strings.TrimSpace(amount); q.Resource == ResourceMemory && amount != "0" {
			q.Amount, err = ParseMemory(amount)
		} else if q.Amount, err = strconv.ParseInt(amount, 10, 64); err != nil {
			err = fmt.Errorf("%s is no whole number: %w", quoted(amount), ErrInvalid)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(q.Resource), err)
		}
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b Quantity) int { return cmp.Compare(a.Resource, b.Resource) })
	if err := checkQuantities(quoted(text), list); err != nil {
		return nil, err
	}
	return list, nil
}

// FormatQuantities writes what ParseQuantities reads.
func FormatQuantities(list []Quantity) string {
	var parts []string
	for _, q := range list {
		amount := strconv.FormatInt(q.Amount, 10)
		if q.Resource == ResourceMemory && q.Amount != 0 {
			amount += "m"
		}
		parts = append(parts, q.Resource+"="+amount)
	}
	return strings.Join(parts, ", ")
}
