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
