package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Operator relates the value of a label to the values of a requirement.
type Operator uint8

// The operators. NOTIN holds also where the label is missing.
const (
	OpIn Operator = iota
	OpNotIn
	OpExists
)

var operatorNames = []string{"in", "notin", "exists"}

// String gives the word.
func (o Operator) String() string { return stateName(o, operatorNames) }

// MarshalText writes the word.
func (o Operator) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word.
func (o *Operator) UnmarshalText(b []byte) (err error) {
	*o, err = parseState[Operator]("operator", string(b), operatorNames)
	return err
}

// Requirement is one condition on the labels of a worker. Values are sorted and distinct; EXISTS has none.
type Requirement struct {
	Key      string   `json:"key"`
	Operator Operator `json:"operator"`
	Values   []string `json:"values,omitempty"`
}

// Holds tells whether a worker with these labels meets the requirement.
func (r *Requirement) Holds(labels []Label) bool {
	for i := range labels {
		if labels[i].Key == r.Key {
			return r.Operator == OpExists || slices.Contains(r.Values, labels[i].Value) == (r.Operator == OpIn)
		}
	}
	return r.Operator == OpNotIn
}

// String writes the requirement as ParseSelector reads it.
func (r *Requirement) String() string {
	switch {
	case r.Operator == OpExists:
		return r.Key + " exists"
	case len(r.Values) == 1 && r.Operator == OpIn:
		return r.Key + "=" + r.Values[0]
	case len(r.Values) == 1:
		return r.Key + "!=" + r.Values[0]
	}
	return r.Key + " " + r.Operator.String() + " (" + strings.Join(r.Values, ", ") + ")"
}

// Preference adds Weight, 1 to 100, to the score of the workers that meet it.
type Preference struct {
	Requirement
	Weight int32 `json:"weight"`
}

// String writes the preference as ParsePreferences reads it.
func (p *Preference) String() string {
	return strconv.Itoa(int(p.Weight)) + ":" + p.Requirement.String()
}

// ParseSelector reads requirements that hold together, between commas: zone=eu, disk!=hdd, rack in (r1, r2), rack notin (r3), gpu exists.
func ParseSelector(text string) ([]Requirement, error) {
	var list []Requirement
	for _, part := range splitSelector(text) {
		r, err := parseRequirement(part)
		if err != nil {
			return nil, fmt.Errorf("selector %s: %w", quoted(text), err)
		}
		list = append(list, r)
	}
	return list, nil
}

// ParsePreferences reads weighted requirements between commas: 10:zone=eu, 1:disk=ssd. Without a weight it is 1.
func ParsePreferences(text string) ([]Preference, error) {
	var list []Preference
	for _, part := range splitSelector(text) {
		p := Preference{Weight: 1}
		if weight, rest, ok := strings.Cut(part, ":"); ok && strings.Trim(weight, "0123456789 ") == "" {
			n, err := strconv.ParseInt(strings.TrimSpace(weight), 10, 32)
			if err != nil || n < 1 || n > 100 {
				return nil, fmt.Errorf("preference %s: the weight is %s; write a number from 1 to 100 before the colon: %w", quoted(part), quoted(weight), ErrInvalid)
			}
			p.Weight, part = int32(n), rest
		}
		var err error
		if p.Requirement, err = parseRequirement(part); err != nil {
			return nil, fmt.Errorf("preference %s: %w", quoted(text), err)
		}
		list = append(list, p)
	}
	return list, nil
}

// splitSelector cuts at commas outside parentheses.
func splitSelector(text string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts, from = append(parts, text[from:i]), i+1
			}
		}
	}
	if rest := text[from:]; len(parts) > 0 || strings.TrimSpace(rest) != "" {
		parts = append(parts, rest)
	}
	return parts
}

func parseRequirement(text string) (Requirement, error) {
	text = strings.TrimSpace(text)
	if head, value, ok := strings.Cut(text, "="); ok && !strings.Contains(head, "(") {
		key, not := strings.CutSuffix(head, "!")
		if not {
			return requirement(text, key, OpNotIn, value)
		}
		return requirement(text, key, OpIn, value)
	}
	if head, list, ok := strings.Cut(text, "("); ok {
		return parseSet(text, head, list)
	}
	if key, ok := strings.CutSuffix(text, " exists"); ok {
		return requirement(text, key, OpExists)
	}
	return Requirement{}, fmt.Errorf("%s: %w: write key=value, key!=value, key in (a, b), key notin (a, b) or key exists", quoted(text), ErrInvalid)
}

func parseSet(text, head, list string) (Requirement, error) {
	words := strings.Fields(head)
	list, closed := strings.CutSuffix(list, ")")
	known := len(words) == 2 && (words[1] == OpIn.String() || words[1] == OpNotIn.String())
	if !known || !closed || strings.TrimSpace(list) == "" {
		return Requirement{}, fmt.Errorf("%s: %w: write key in (a, b) or key notin (a, b)", quoted(text), ErrInvalid)
	}
	op := OpIn
	if words[1] == OpNotIn.String() {
		op = OpNotIn
	}
	return requirement(text, words[0], op, strings.Split(list, ",")...)
}

func requirement(text, key string, op Operator, values ...string) (Requirement, error) {
	r := Requirement{Key: strings.TrimSpace(key), Operator: op}
	for _, v := range values {
		r.Values = append(r.Values, strings.TrimSpace(v))
	}
	slices.Sort(r.Values)
	r.Values = slices.Compact(r.Values)
	if err := r.Check(quoted(text)); err != nil {
		return Requirement{}, err
	}
	return r, nil
}

const (
	mostValues      = 64
	mostValueBytes  = 256
	mostRequired    = 16
	mostPreferences = 3 // the placer keeps an index for each combination of them
)

// Check reports the first fault; what names the requirement in the error.
func (r *Requirement) Check(what string) error {
	if err := CheckLabelKey(what+": label", r.Key); err != nil {
		return err
	}
	switch {
	case r.Operator > OpExists:
		return fmt.Errorf("%s: operator %s is not known; use in, notin or exists: %w", what, r.Operator, ErrInvalid)
	case r.Operator == OpExists && len(r.Values) > 0:
		return fmt.Errorf("%s: exists takes no values; use in: %w", what, ErrInvalid)
	case r.Operator != OpExists && len(r.Values) == 0:
		return fmt.Errorf("%s: no value to compare %s with; name at least one: %w", what, r.Key, ErrInvalid)
	case len(r.Values) > mostValues:
		return fmt.Errorf("%s: %d values; use at most %d: %w", what, len(r.Values), mostValues, ErrInvalid)
	}
	for i, v := range r.Values {
		if err := checkValue(what, v); err != nil {
			return err
		}
		if i > 0 && r.Values[i-1] >= v {
			return fmt.Errorf("%s: value %q stands after %q; name each once, sorted: %w", what, v, r.Values[i-1], ErrInvalid)
		}
	}
	return nil
}

// checkValue refuses what could not be read again where selectors are written.
func checkValue(what, v string) error {
	switch {
	case len(v) > mostValueBytes:
		return fmt.Errorf("%s: a value of %d bytes; use at most %d: %w", what, len(v), mostValueBytes, ErrInvalid)
	case !utf8.ValidString(v):
		return refusal(what+": value", v, "is not valid UTF-8; save or type it in UTF-8")
	case strings.TrimSpace(v) != v:
		return refusal(what+": value", v, "begins or ends with a blank; take it away")
	case strings.HasPrefix(v, "="):
		return refusal(what+": value", v, "begins with =; write key=value with one =")
	}
	if i := strings.IndexAny(v, ",()"); i >= 0 {
		return refusal(what+": value", v, "has "+strconv.Quote(v[i:i+1])+", which separates values; label the workers without it")
	}
	for _, r := range v {
		if fault := runeFault(r); fault != "" {
			return refusal(what+": value", v, "has "+fault+"; take it out")
		}
	}
	return nil
}
