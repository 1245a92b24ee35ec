package deploy

import (
	"math/bits"
	"strconv"
	"strings"
)

const (
	maxMemoryMiB      = 1<<43 - 1 // the size in bytes still fits an int64
	maxCount          = 1 << 20   // cores, threads, workers: more is a typing mistake
	maxFractionDigits = 9
)

// ParseMemory reads a memory size of the configuration, such as 512m, 2g or 1.5t, in MiB. Units are powers of 1024 in any case: b, k, kb, m, mb,
// g, gb, t, tb, p, pb; a bare number is MiB; a part of a MiB is cut off. The result is between 1 MiB and 8 EiB.
func ParseMemory(s string) (mib int64, err error) {
	return parseMemory(s, true)
}

// ParseMemoryFlag is ParseMemory for command lines, where a bare number is refused: peers read it there as bytes.
func ParseMemoryFlag(s string) (mib int64, err error) {
	return parseMemory(s, false)
}

func parseMemory(s string, bareAllowed bool) (int64, error) {
	number, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	d, unit, ok := cutDecimal(number)
	shift, known := memoryShift(unit)
	bytes, fits := d.times(1 << shift)
	mib := bytes >> 20
	why := ""
	switch {
	case number == "":
		why = "is empty; write a size such as 512m or 2g"
	case !ok:
		why = "is not a size; write a number with at most 9 digits after the point and a unit, such as 512m, 2g or 1.5t"
	case !known:
		why = "has an unknown unit " + quoted(unit) + "; use b, k, m, g, t or p, such as 512m or 2g"
	case negative:
		why = "is negative; memory is at least 1 MiB, write 1m or more"
	case d.isZero():
		why = "is zero; memory is at least 1 MiB, write 1m or more"
	case unit == "" && d.scale > 1:
		why = "is a fraction without a unit; write one, such as 1.5g"
	case !fits || mib > maxMemoryMiB:
		why = "is too large; memory is less than 8 EiB (8192p), write a smaller size"
	case unit == "" && !bareAllowed:
		n := strconv.FormatUint(d.whole, 10)
		why = "has no unit; write " + n + "m for MiB or " + n + "g for GiB"
	case mib == 0:
		why = "is less than 1 MiB; write 1m or more"
	default:
		return int64(mib), nil
	}
	return 0, refusal("memory", s, why)
}

// memoryShift gives the binary logarithm of a unit in bytes; no unit is MiB.
func memoryShift(unit string) (shift uint, known bool) {
	switch lowerWord(unit) {
	case "b":
		return 0, true
	case "k", "kb":
		return 10, true
	case "", "m", "mb":
		return 20, true
	case "g", "gb":
		return 30, true
	case "t", "tb":
		return 40, true
	case "p", "pb":
		return 50, true
	}
	return 0, false
}

// FormatMemory writes MiB for people with one digit after the point: 512.0 MiB, 1.5 GiB.
func FormatMemory(mib int64) string {
	const units = "MGTPE"
	size, u := float64(mib), 0
	for (size >= 1023.95 || size <= -1023.95) && u < len(units)-1 { // what would print as 1024.0 is 1.0 of the next unit
		size, u = size/1024, u+1
	}
	b := strconv.AppendFloat(make([]byte, 0, 24), size, 'f', 1, 64)
	return string(append(b, ' ', units[u], 'i', 'B'))
}

// ParseCores reads a number of cores: a whole number from 1 to 1048576.
func ParseCores(s string) (int32, error) {
	n, err := parseCount("cores", s)
	return int32(n), err
}

// parseCount reads a whole number from 1 to maxCount.
func parseCount(what, s string) (int, error) {
	number, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	d, rest, ok := cutDecimal(number)
	why := ""
	switch {
	case number == "":
		why = "is empty; write a whole number of 1 or more"
	case !ok || rest != "" || d.scale > 1:
		why = "is not a whole number; write digits only, 1 or more"
	case negative:
		why = "is negative; write 1 or more"
	case d.isZero():
		why = "is zero; write 1 or more"
	case d.whole > maxCount:
		why = "is absurdly large; write at most " + strconv.Itoa(maxCount)
	default:
		return int(d.whole), nil
	}
	return 0, refusal(what, s, why)
}

// decimal is the number whole + frac/scale, exactly as written. A whole part too large for 64 bits is kept as the largest.
type decimal struct {
	whole, frac uint64
	scale       uint64 // a power of ten greater than frac; 1 without a fraction
}

// cutDecimal takes digits, or digits.digits, off the front of s.
func cutDecimal(s string) (d decimal, rest string, ok bool) {
	whole := leadingDigits(s)
	if whole == 0 {
		return decimal{scale: 1}, s, false
	}
	d = decimal{whole: saturatedUint(s[:whole]), scale: 1}
	rest = s[whole:]
	if !strings.HasPrefix(rest, ".") {
		return d, rest, true
	}
	places := leadingDigits(rest[1:])
	if places == 0 || places > maxFractionDigits {
		return d, rest, false
	}
	d.frac = saturatedUint(rest[1 : 1+places])
	for range places {
		d.scale *= 10
	}
	return d, rest[1+places:], true
}

func (d decimal) isZero() bool { return d.whole == 0 && d.frac == 0 }

// times multiplies by unit and cuts off what is left of one; false says the product does not fit 64 bits.
func (d decimal) times(unit uint64) (uint64, bool) {
	over, whole := bits.Mul64(d.whole, unit)
	high, low := bits.Mul64(d.frac, unit)
	frac, _ := bits.Div64(high, low, d.scale) // frac < scale, hence high < scale
	sum, carry := bits.Add64(whole, frac, 0)
	return sum, over == 0 && carry == 0
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// saturatedUint is the value of digits, at most the largest uint64.
func saturatedUint(digits string) uint64 {
	var n uint64
	for i := range len(digits) {
		high, low := bits.Mul64(n, 10)
		sum, carry := bits.Add64(low, uint64(digits[i]-'0'), 0)
		if high != 0 || carry != 0 {
			return 1<<64 - 1
		}
		n = sum
	}
	return n
}

// lowerWord folds ASCII letters only: full folding would let look-alikes such as the Kelvin sign pass for k.
func lowerWord(s string) string {
	const longest = 16 // longer than any word compared with
	if len(s) > longest {
		return s
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return s
		}
	}
	return strings.ToLower(s)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
