package task

import (
	"github.com/musterproject/muster/pkg/deploy"
)

// Session is an application that runs: what Map and Call need to reach executors. Run makes it, and ends it.
type Session struct {
	d        *driver
	attempts int
	url      deploy.MasterURL
	address  deploy.Address
}

// App is the application's id; empty until a master has taken it in.
func (s *Session) App() deploy.AppID { return deploy.AppID(s.d.appID()) }

// Master is where executors come from.
func (s *Session) Master() deploy.MasterURL { return s.url }

// Driver is where executors reach this process.
func (s *Session) Driver() deploy.Address { return s.address }

// Cores is how many tasks run at a time on the executors that are there now.
func (s *Session) Cores() int { return int(s.d.cores.Load()) }
