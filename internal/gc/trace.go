package gc

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc/pacer"
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

// PacerBegin is the first line of a cycle beside the program as GODEBUG=gcpacertrace=1 prints it:
//
//	pacer: assist ratio=1.5 (scan 3 MB in 3->4 MB) workers=1+0
//
// The ratio is bytes to scan for each byte allocated; scan, the bytes of the heap in objects with pointers; the workers
// are whole processors and the fraction of each besides.
func (c *Cycle) PacerBegin(ratio float64, scan uint64, plan pacer.Plan) string {
	return fmt.Sprintf("pacer: assist ratio=%s (scan %d MB in %d->%d MB) workers=%d+%s\n",
		printed(ratio), scan>>20, c.Before>>20, c.Goal>>20, plan.Dedicated, printed(plan.Fraction))
}

// PacerEnd is the second line, when marking is over:
//
//	pacer: 26% CPU (25 exp.) for 3146096+2528+69528 B work (3218152 B exp.) in 4000000 B -> 4200000 B (∆goal 5696, cons/mark 0.1)
//
// Work is of heap, stacks and globals; expected, what the cycle before scanned. cons/mark is the ratio of speeds
// that this cycle was begun with.
func (c *Cycle) PacerEnd(m *pacer.Measured, expected uint64, consMark float64) string {
	stacks, globals := c.Roots[RootStacks], c.Roots[RootGlobals]
	return fmt.Sprintf("pacer: %d%% CPU (%d exp.) for %d+%d+%d B work (%d B exp.) in %d B -> %d B (∆goal %d, cons/mark %s)\n",
		int(m.Used*100), int(pacer.Background*100), m.Work-min(m.Work, stacks+globals), stacks, globals, expected,
		c.Before, c.After, int64(c.After)-int64(c.Goal), printed(consMark))
}

// PacerSweep is the line at the end of a sweep beside the program:
//
//	pacer: sweep done at heap size 3MB; allocated 1MB during sweep; swept 512 pages at 0.0001 pages/byte
func PacerSweep(live, allocated, pages uint64, ratio float64) string {
	return fmt.Sprintf("pacer: sweep done at heap size %dMB; allocated %dMB during sweep; swept %d pages at %s pages/byte\n",
		live>>20, allocated>>20, pages, printed(ratio))
}

// printed is a number as Go's print has it.
func printed(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

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
