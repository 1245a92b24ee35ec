//go:build unix

package worker

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group of its own and ends the whole group with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
