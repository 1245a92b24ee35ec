package deploy

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads a time such as 500ms, 10s, 5min, 2d or 1m30s. Units in any case: ns, us, ms, s, m or min, h, d. A number without a unit is
// refused, except 0; so is a negative time.
func ParseDuration(s string) (time.Duration, error) {
	return parseDuration(s, 0)
}

// ParseSeconds is ParseDuration for keys whose bare number means seconds.
func ParseSeconds(s string) (time.Duration, error) {
	return parseDuration(s, time.Second)
}

// parseDuration reads a bare number in units of bare, or refuses it if that is 0.
func parseDuration(s string, bare time.Duration) (time.Duration, error) {
	text, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	total, why := sumDuration(text, bare)
	switch {
	case why != "":
	case negative:
		why = "is negative; write 0 or more"
	case total > math.MaxInt64:
		why = "is too long; the longest time is about 290 years (106751d)"
	default:
		return time.Duration(total), nil
	}
	return 0, refusal("duration", s, why)
}

// sumDuration adds up number and unit pairs in nanoseconds; what overflows is the largest. A reason says that text is no duration.
func sumDuration(text string, bare time.Duration) (total uint64, why string) {
	const example = "such as 500ms, 10s, 5min or 1m30s"
	if text == "" {
		return 0, "is empty; write a number and a unit, " + example
	}
	for rest := text; rest != ""; {
		d, tail, ok := cutDecimal(rest)
		if !ok {
			return 0, "is not a time; write numbers with at most 9 digits after the point, each with a unit, " + example
		}
		end := strings.IndexAny(tail, "0123456789")
		if end < 0 {
			end = len(tail)
		}
		unit, known := durationUnit(tail[:end])
		alone := len(rest) == len(text) && tail == ""
		switch {
		case known:
		case end > 0:
			return 0, "has an unknown unit " + quoted(tail[:end]) + "; use us, ms, s, m, min, h or d, " + example
		case alone && d.isZero():
		case alone && bare > 0 && d.scale == 1:
			unit = bare
		case alone && bare > 0:
			return 0, "is a fraction without a unit; write one, such as 1.5s"
		default:
			return 0, "has a number without a unit; write one, " + example
		}
		total = addClipped(total, d, unit)
		rest = tail[end:]
	}
	return total, ""
}

// addClipped is total + d × unit, at most the largest uint64.
func addClipped(total uint64, d decimal, unit time.Duration) uint64 {
	part, fits := d.times(uint64(unit))
	sum, carry := bits.Add64(total, part, 0)
	if !fits || carry != 0 {
		return math.MaxUint64
	}
	return sum
}

func durationUnit(word string) (unit time.Duration, known bool) {
	switch lowerWord(word) {
	case "ns":
		return time.Nanosecond, true
	case "us", "\u00b5s", "\u03bcs": // micro sign and mu, as time.Duration writes and reads them
		return time.Microsecond, true
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m", "min":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return day, true
	}
	return 0, false
}
