package electiontest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/election"
)

// Election is where candidates meet.
type Election struct {
	// Agents makes n agents of n masters that want to lead the same cluster.
	Agents func(t *testing.T, n int) []election.LeaderElectionAgent
	// Depose ends the present leadership from outside, as the service would; nil if nothing can.
	Depose func()
	// Alone: there is never more than one candidate.
	Alone bool
	// Bubble: all is in this process, so that virtual time can be used.
	Bubble bool
	// Patience is how long a case waits in real time for what must happen; 0 is 30 s.
	Patience time.Duration
}

// Run runs the suite; open makes a new election for each case.
func Run(t *testing.T, open func() Election) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := open()
			switch {
			case c.rivals && e.Alone, c.deposes && e.Depose == nil:
			case e.Bubble:
				synctest.Test(t, func(t *testing.T) { c.run(&race{T: t, Election: e}) })
			default:
				c.run(&race{T: t, Election: e})
			}
		})
	}
}

var cases = []struct {
	name            string
	rivals, deposes bool // what the case needs
	run             func(*race)
}{
	{"LeadsUntilItsContextEnds", false, false, leadsUntilContextEnds},
	{"EndedContext", false, false, endedContext},
	{"WaitsForLead", false, false, waitsForLead},
	{"LeadsAgainAfterNil", false, false, leadsAgain},
	{"RestIsHonoured", false, false, restIsHonoured},
	{"RestEndsWithContext", false, false, restEndsWithContext},
	{"RestAfterAnyError", false, false, restAfterAnyError},
	{"PanicIsTheCallers", false, false, panicIsTheCallers},
	{"LeaderIsKnown", false, false, leaderIsKnown},
	{"AtMostOneLeads", true, false, atMostOneLeads},
	{"NextWaitsForLead", true, false, nextWaitsForLead},
	{"RestLetsAnotherLead", true, false, restLetsAnotherLead},
	{"LoserLeavesQuietly", true, false, loserLeaves},
	{"DeposedLeaderIsTold", false, true, deposedIsTold},
	{"DeposedUnderRivals", true, true, deposedUnderRivals},
}
