//go:build linux

package proclauncher

// CgroupUsable tells why launches cannot have a cgroup here.
func CgroupUsable() error {
	path, err := makeCgroup("muster-probe")
	if err != nil {
		return err
	}
	return removeCgroup(path)
}

// KeeperPID gives the process that keeps a launcher's children.
func KeeperPID(l *Launcher) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.line.home.PID
}

// KeeperCgroup gives the group that holds the groups of a launcher's children; empty without.
func KeeperCgroup(l *Launcher) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.line.home.Cgroup
}

// StateDir gives where a launcher keeps its books.
func StateDir(l *Launcher) string { return l.cfg.StateDir }

// CheckPeer refuses a connection of another user.
var CheckPeer = checkPeer
