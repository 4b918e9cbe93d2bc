package gc

import (
	"fmt"
	"testing"
	"time"
)

func ExampleCycle_TraceLine() {
	c := Cycle{
		Number: 7, Reason: Forced, At: 34567 * time.Microsecond, CPU: 0.031,
		Stop: 10 * time.Microsecond, Mark: 1234 * time.Microsecond, Sweep: 111 * time.Microsecond,
		Before: 5 << 20, After: 5 << 20, Marked: 1 << 20, Goal: 4 << 20, Procs: 2,
	}
	fmt.Print(c.TraceLine())
	// Output: gc 7 @0.034s 3%: 0.010+1.2+0.11 ms clock, 0.020+0/1.2/0+0.22 ms cpu, 5->5->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                      "0",
		999:                    "0",
		time.Microsecond:       "0.001",
		99 * time.Microsecond:  "0.099",
		100 * time.Microsecond: "0.10",
		999 * time.Microsecond: "0.99",
		time.Millisecond:       "1.0",
		9999999:                "9.9",
		12345678:               "12",
	} {
		if got := ms(d); got != want {
			t.Errorf("ms(%d) = %s, want %s", d, got, want)
		}
	}
}
