package gc

import (
	"fmt"
	"strings"
	"time"
)

// TraceLine is the cycle as GODEBUG=gctrace=1 prints it:
//
//	gc 7 @0.034s 3%: 0.010+1.2+0.11 ms clock, 0.020+0/1.2/0+0.22 ms cpu, 4->5->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)
//
// In a cycle that stops the world the first figure is the stopping, the second
// the marking, the third the sweep; in one beside the program the first and the
// last are its two pauses. The three figures between slashes are processor time of assists, of
// processors that mark instead of running the program, and of idle ones that mark.
func (c *Cycle) TraceLine() string {
	var b strings.Builder
	p := time.Duration(c.Procs)
	fmt.Fprintf(&b, "gc %d @%d.%03ds %d%%: ", c.Number, c.At/time.Second, c.At/time.Millisecond%1000, int(c.CPU*100))
	fmt.Fprintf(&b, "%s+%s+%s ms clock, ", ms(c.Stop), ms(c.Mark+c.Beside), ms(c.Sweep))
	fmt.Fprintf(&b, "%s+%s/%s/%s+%s ms cpu, ", ms(p*c.Stop), ms(c.Assist), ms(c.Mark+c.Background), ms(c.Idle), ms(p*c.Sweep))
	fmt.Fprintf(&b, "%d->%d->%d MB, %d MB goal, ", c.Before>>20, c.After>>20, c.Marked>>20, c.Goal>>20)
	fmt.Fprintf(&b, "%d MB stacks, %d MB globals, %d P", c.Roots[RootStacks]>>20, c.Roots[RootGlobals]>>20, c.Procs)
	if c.Reason == Forced {
		b.WriteString(" (forced)")
	}
	b.WriteByte('\n')
	return b.String()
}

// ms prints a duration in milliseconds: whole ones from 10 up, else two
// significant digits, at least three decimals deep.
func ms(d time.Duration) string {
	if d >= 10*time.Millisecond {
		return fmt.Sprint(d.Milliseconds())
	}
	us, decimals := d.Microseconds(), 3
	if us == 0 {
		return "0"
	}
	for us >= 100 {
		us /= 10
		decimals--
	}
	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	return fmt.Sprintf("%d.%0*d", us/scale, decimals, us%scale)
}
