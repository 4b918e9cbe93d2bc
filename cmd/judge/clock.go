package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Limits of processor time
//
// Judges run for hours on machines that do other things as well, where the wall's clock says
// nothing about a test. A process with a budget is killed when it has used that much processor time, or
// when it stands still: no more than half a hundredth of the clock's time for idleLimit. Behind both stands
// the wall's clock, wallFactor budgets long. Where the system does not tell other processes' time, only the last counts.

const (
	idleLimit  = 2 * time.Minute
	wallFactor = 10
)

// spent is the processor time of a running process; false if the system does not tell it.
func spent(pid int) (time.Duration, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	// Fields 14 and 15, counted behind the command's name in parentheses, are ticks of 10 ms.
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err1 == nil && err2 == nil
}

// watch kills the process of cmd, which has been started, when its budget is spent or it stands still, and
// returns why it did, "" if it did not, once ctx is done. The caller cancels ctx when the process has ended.
func watch(ctx context.Context, cmd *exec.Cmd, budget time.Duration) (why string) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	since, before := start, time.Duration(0) // the last time that the process did something, its processor time then
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-tick.C:
		}
		now := time.Now()
		used, known := spent(cmd.Process.Pid)
		switch {
		case known && used > budget:
			why = fmt.Sprintf("killed after %v of processor time", budget)
		case known && now.Sub(since) > idleLimit:
			why = fmt.Sprintf("killed, for it did nothing in %v", idleLimit)
		case now.Sub(start) > wallFactor*budget:
			why = fmt.Sprintf("killed after %v", wallFactor*budget)
		}
		if why != "" {
			cmd.Process.Kill()
			return why
		}
		if used-before > now.Sub(since)/200 && used-before > 20*time.Millisecond {
			since, before = now, used
		}
	}
}
