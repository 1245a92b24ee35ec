package mastercore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// block gives out numbers from a persisted reservation: what the last leader reserved is burnt.
type block struct {
	name      string
	next, end uint64
}

// take gives the next number and reserves more when the block is used up. The reservation is persisted before what uses the number.
func (c *Core) take(b *block) uint64 {
	if b.next == b.end {
		b.end = b.next + max(c.cfg.IDBlock, 1)
		c.persist(deploy.PutBlock{Name: b.name, Next: b.end})
	}
	b.next++
	return b.next - 1
}

// numbers names applications and drivers.
type numbers struct {
	apps, drivers, order block
	appID, driverID      deploy.IDPattern
	stamp                int64  // seconds: of the newest application id; never goes back
	lap                  uint64 // how often the application counter has wrapped
}

func newNumbers(cfg *Config) (n numbers, err error) {
	n.apps.name, n.drivers.name, n.order.name = "apps", "drivers", "order"
	if n.appID, err = deploy.ParseNumberedPattern(cfg.AppIDPattern); err != nil {
		return n, err
	}
	n.driverID, err = deploy.ParseNumberedPattern(cfg.DriverIDPattern)
	return n, err
}

// begin sets the counters of a cluster without records. Where nothing is kept, epochs are nanoseconds of the clock (recovery.Blackhole): the counters
// then start at the tenth of a millisecond within the second, so that a master that is started again within a second gives other ids.
func (n *numbers) begin(epoch deploy.Epoch) {
	first := uint64(epoch) / 100_000 % 10_000
	for _, b := range [...]*block{&n.apps, &n.drivers} {
		b.next, b.end = first, first
	}
}

// restore burns what the last leader reserved.
func (n *numbers) restore(p deploy.PutBlock) {
	for _, b := range [...]*block{&n.apps, &n.drivers, &n.order} {
		if b.name == p.Name {
			b.next, b.end = max(b.next, p.Next), max(b.end, p.Next)
		}
	}
}

// nextAppID gives an id never given before. With a modulo the counter repeats, so each lap starts in a later second than the lap before ended
// in, if need be ahead of the clock.
func (c *Core) nextAppID() deploy.AppID {
	n := &c.numbers
	for {
		count, lap := c.take(&n.apps), uint64(0)
		if m := c.cfg.AppNumberModulo; m > 0 {
			count, lap = count%m, count/m
		}
		stamp := max(n.stamp, c.now.Unix())
		if lap != n.lap && stamp == n.stamp {
			stamp++
		}
		n.stamp, n.lap = stamp, lap
		id := deploy.AppID(n.appID.Format(c.idTime(time.Unix(stamp, 0)), int64(count)))
		if c.apps[id] == nil {
			return id
		}
	}
}

// nextDriverID gives an id never given before: its counter does not wrap.
func (c *Core) nextDriverID() deploy.DriverID {
	for {
		id := deploy.DriverID(c.numbers.driverID.Format(c.idTime(c.now), int64(c.take(&c.numbers.drivers))))
		if c.drivers[id] == nil {
			return id
		}
	}
}

func (c *Core) idTime(t time.Time) string { return deploy.IDTime(t.In(c.zone())) }

func (c *Core) zone() *time.Location {
	if c.cfg.Zone == nil {
		return time.UTC
	}
	return c.cfg.Zone
}

// nextExecutor gives the next executor number of an application; the block's end is persisted before the number is used.
func (c *Core) nextExecutor(a *app) int32 {
	if a.nextNum >= a.rec.Executors {
		a.rec.Executors = a.nextNum + max(c.cfg.ExecutorBlock, 1)
		c.persist(deploy.PutApp{Record: a.rec})
	}
	a.nextNum++
	return a.nextNum - 1
}

// nextLaunch names a launch; the epoch makes it unique for ever.
func (c *Core) nextLaunch() deploy.LaunchID {
	c.lastLaunch++
	return deploy.LaunchID{Epoch: c.epoch, Seq: c.lastLaunch}
}

// tokenOf is the secret that proves an application to its executors and to the master.
func (c *Core) tokenOf(id deploy.AppID) string {
	mac := hmac.New(sha256.New, c.cfg.TokenSeed)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil))
}

// seedOf spreads (epoch, version) over 64 bits: the only randomness a policy may use (splitmix64).
func seedOf(epoch deploy.Epoch, version uint64) uint64 {
	x := uint64(epoch)*0x9e3779b97f4a7c15 + version
	for range 2 {
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}
