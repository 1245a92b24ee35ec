// Package membership gives hints about who is alive. Decisions stay with the deciding core: a hint never kills, launches or elects.
package membership
