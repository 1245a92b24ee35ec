//go:build !race

package scheduler_test

// shrink divides the numbers of random cases under the race detector.
const shrink = 1
