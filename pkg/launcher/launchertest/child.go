package launchertest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// childArg makes the test binary a child. It is an argument, because the environment of a child is under test.
const childArg = "launchertest-child"

// ChildMain plays a child if this process was started as one. TestMain calls it first and exits with the code.
func ChildMain() (code int, child bool) {
	if len(os.Args) < 3 || os.Args[1] != childArg {
		return 0, false
	}
	return play(os.Args[2], os.Args[3:]), true
}

// play is what a child does.
func play(part string, args []string) int {
	switch part {
	case "exit":
		return number(args[0])
	case "die":
		return die(args)
	case "wait":
		return wait(nil)
	case "stubborn":
		return wait([]os.Signal{syscall.SIGTERM})
	case "graceful":
		return graceful()
	case "say":
		return say(args)
	case "env":
		return lines(os.Environ())
	case "ids":
		return ids()
	case "cat":
		return cat(args)
	case "pour":
		return pour(args)
	case "family":
		return family(args)
	case "nest":
		return nest()
	case "hog":
		return hog(number(args[0]))
	}
	fmt.Fprintf(os.Stderr, "no part %q for a child\n", part)
	return 99
}

// childArgs are the arguments that make the test binary play a part.
func childArgs(part string, args ...string) []string {
	return append([]string{childArg, part}, args...)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func lines(list []string) int {
	for _, l := range list {
		fmt.Fprintln(os.Stdout, l)
	}
	return 0
}

// die ends by a signal.
func die(args []string) int {
	sig := syscall.Signal(number(args[0]))
	signal.Reset(sig)
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(err)
	}
	return wait(nil)
}

// wait says ready and stays until it is killed, whatever it is told by the signals in deaf.
func wait(deaf []os.Signal) int {
	told := make(chan os.Signal, 1)
	signal.Notify(told, append(deaf, syscall.SIGWINCH)...) // with a handler the runtime sees no deadlock in a process that only waits
	fmt.Fprintln(os.Stdout, "ready")
	for {
		fmt.Fprintln(os.Stdout, "told", <-told)
	}
}

// graceful ends with 5 when it is told to.
func graceful() int {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	fmt.Fprintln(os.Stdout, "ready")
	<-told
	fmt.Fprintln(os.Stdout, "bye")
	return 5
}

// say writes its arguments, quoted, and a line to the other stream.
func say(args []string) int {
	for _, a := range args {
		fmt.Fprintf(os.Stdout, "%q\n", a)
	}
	fmt.Fprintln(os.Stderr, "said")
	return 0
}

func ids() int {
	sid, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		panic(err)
	}
	f := strings.Fields(string(sid[strings.LastIndexByte(string(sid), ')')+1:]))
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	mask := syscall.Umask(0)
	return lines([]string{
		fmt.Sprintf("leads group %v", f[2] == strconv.Itoa(os.Getpid())), fmt.Sprintf("leads session %v", f[3] == strconv.Itoa(os.Getpid())),
		"dir " + dir, fmt.Sprintf("umask %04o", mask), fmt.Sprintf("uid %d", os.Getuid()), fmt.Sprintf("hup ignored %v", signal.Ignored(syscall.SIGHUP)),
	})
}

// cat writes mode and content of files.
func cat(args []string) int {
	for _, name := range args {
		info, err := os.Stat(name)
		if err != nil {
			return complain(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return complain(err)
		}
		fmt.Fprintf(os.Stdout, "%s %v %s\n", name, info.Mode(), text)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// pour writes as many bytes as it is told, in lines of a hundred that count.
func pour(args []string) int {
	left := number(args[0])
	for n := 0; left > 0; n++ {
		line := fmt.Sprintf("%099d\n", n)
		wrote, err := io.WriteString(os.Stdout, line[:min(left, len(line))])
		if err != nil {
			return complain(err)
		}
		left -= wrote
	}
	return 0
}

// family starts a child that leaves the session, starts one of its own and ends: a daemon. Then it plays the part in its arguments. All are
// deaf to TERM.
func family(args []string) int {
	if err := again(childArg, "nest"); err != nil {
		return complain(err)
	}
	return play(args[0], args[1:])
}

// nest is the middle of a family.
func nest() int {
	self, err := os.Executable()
	if err != nil {
		return complain(err)
	}
	daemon := exec.Command(self, childArgs("stubborn")...)
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := os.OpenFile("daemon", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return complain(err)
	}
	daemon.Stdout = out
	if err := daemon.Start(); err != nil {
		return complain(err)
	}
	return 0
}

func again(args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	middle := exec.Command(self, args...)
	middle.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return middle.Run()
}

// hog takes as many MiB of memory as it is told, and says how many bytes it has touched.
func hog(mib int) int {
	var held [][]byte
	touched := 0
	for range mib {
		piece := make([]byte, 1<<20)
		for i := 0; i < len(piece); i += 4096 {
			piece[i] = 1
		}
		held = append(held, piece)
		touched += len(held[len(held)-1])
	}
	fmt.Fprintln(os.Stdout, touched)
	return 0
}
