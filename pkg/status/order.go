package status

import (
	"cmp"
	"strings"
)

// compareIDs orders rows: what stands before the last slash first, then what stands behind it, digits read as numbers. So executors are ordered
// by number within their application, and applications and drivers by submission as long as their ids carry time and counter.
func compareIDs(a, b string) int {
	i, j := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/')
	if i < 0 && j < 0 {
		return compareNatural(a, b)
	}
	headA, tailA := split(a, i)
	headB, tailB := split(b, j)
	return cmp.Or(compareNatural(headA, headB), compareNatural(tailA, tailB), cmp.Compare(i, j))
}

func split(id string, slash int) (head, tail string) {
	if slash < 0 {
		return id, ""
	}
	return id[:slash], id[slash+1:]
}

// compareNatural reads runs of digits as numbers: a9 before a10. What is equal as numbers, such as 7 and 007, is ordered as text.
func compareNatural(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && digit(a[i-1]) {
		i-- // the run in which they begin to differ may have begun before
	}
	j := i
	for i < len(a) && j < len(b) {
		if !digit(a[i]) || !digit(b[j]) {
			if a[i] != b[j] {
				return cmp.Compare(a[i], b[j])
			}
			i, j = i+1, j+1
			continue
		}
		numA, nextA := number(a, i)
		numB, nextB := number(b, j)
		if c := cmp.Or(cmp.Compare(len(numA), len(numB)), strings.Compare(numA, numB)); c != 0 {
			return c
		}
		i, j = nextA, nextB
	}
	return cmp.Or(cmp.Compare(len(a)-i, len(b)-j), strings.Compare(a, b))
}

// number gives the digits at i without leading zeroes, and where they end.
func number(s string, i int) (digits string, end int) {
	for i < len(s) && s[i] == '0' {
		i++
	}
	end = i
	for end < len(s) && digit(s[end]) {
		end++
	}
	return s[i:end], end
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
