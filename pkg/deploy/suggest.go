package deploy

import "strings"

const longestSuggestion = 128 // runes; nobody mistypes a longer word by a letter

// Suggest finds the known word that was probably meant, for "did you mean": one that differs by at most two typing errors (a third of a long word,
// half of a short one; a swap of neighbours is one error), or one that word abbreviates. Case is ignored. The nearest wins, then the longest
// common beginning, then the shortest, then the alphabet.
func Suggest(word string, known []string) (string, bool) {
	if len(word) == 0 || len(word) > longestSuggestion {
		return "", false
	}
	typed := []rune(strings.ToLower(word))
	limit := min(max(2, len(typed)/3), len(typed)/2)
	best, found := suggestion{}, false
	for _, k := range known {
		if len(k) > longestSuggestion {
			continue
		}
		target := []rune(strings.ToLower(k))
		s := suggestion{word: k, errors: limit + 1, shared: sharedPrefix(typed, target)}
		if abs(len(target)-len(typed)) <= limit {
			s.errors = typingErrors(typed, target)
		}
		abbreviated := s.shared == len(typed) && len(typed) > 1
		if abbreviated {
			s.errors = min(s.errors, 1)
		}
		if (abbreviated || s.errors <= limit) && (!found || s.before(best)) {
			best, found = s, true
		}
	}
	return best.word, found
}

// suggestion is a known word and how near it is.
type suggestion struct {
	word   string
	errors int
	shared int // runes in common at the beginning
}

func (s suggestion) before(other suggestion) bool {
	switch {
	case s.errors != other.errors:
		return s.errors < other.errors
	case s.shared != other.shared:
		return s.shared > other.shared
	case len(s.word) != len(other.word):
		return len(s.word) < len(other.word)
	}
	return s.word < other.word
}

// typingErrors is the Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours.
func typingErrors(a, b []rune) int {
	var rows [3][longestSuggestion + 1]int
	before, previous, current := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := previous[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			d := min(replaced, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			current[j] = d
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

func sharedPrefix(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func abs(n int) int { return max(n, -n) }
