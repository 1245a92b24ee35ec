//go:build race

package scheduler_test

// shrink divides the numbers of random cases under the race detector, which makes each ten times as slow and looks for something else.
const shrink = 20
