package host

import (
	"math"
	"os"

	"github.com/terrarium-go/terrarium/internal/heap"
)

// Single functions of several packages: assembly on this target in the
// distribution, or hooks that a sandbox has little to say about.

func init() {
	nothing := func(c *Call) Status { return OK }
	float := func(f func(float64) float64) Func {
		return func(c *Call) Status {
			c.SetFloat(1, f(c.Float(0)))
			return OK
		}
	}
	two := func(f func(x, y float64) float64) Func {
		return func(c *Call) Status {
			c.SetFloat(2, f(c.Float(0), c.Float(1)))
			return OK
		}
	}
	for name, f := range map[string]func(float64) float64{
		"Acos": math.Acos, "Acosh": math.Acosh, "Asin": math.Asin, "Asinh": math.Asinh, "Atan": math.Atan, "Atanh": math.Atanh,
		"Cbrt": math.Cbrt, "Cos": math.Cos, "Cosh": math.Cosh, "Erf": math.Erf, "Erfc": math.Erfc, "Exp": math.Exp, "Exp2": math.Exp2,
		"Expm1": math.Expm1, "Log": math.Log, "Log10": math.Log10, "Log2": math.Log2, "Log1p": math.Log1p, "Sin": math.Sin,
		"Sinh": math.Sinh, "Tan": math.Tan, "Tanh": math.Tanh,
	} {
		Register([]Entry{{"math.arch" + name, float(f)}})
	}
	for name, f := range map[string]func(x, y float64) float64{
		"Atan2": math.Atan2, "Hypot": math.Hypot, "Mod": math.Mod, "Pow": math.Pow, "Remainder": math.Remainder,
	} {
		Register([]Entry{{"math.arch" + name, two(f)}})
	}
	Register([]Entry{
		{"math.archFloor", float(math.Floor)},
		{"math.archCeil", float(math.Ceil)},
		{"math.archTrunc", float(math.Trunc)},
		{"syscall.now", walltime},
		{"syscall.hostID", hostID},
		{"syscall.Getpagesize", func(c *Call) Status { c.SetInt(0, heap.ReleaseUnit); return OK }}, // as wasip1 has it
		{"runtime.getStaticuint64s", func(c *Call) Status { c.Set(0, c.types().small); return OK }},
		{"runtime.setCrashFD", func(c *Call) Status { c.Set(1, ^uint64(0)); return OK }},
		{"runtime.traceAdvance", nothing},
		{"runtime.traceClockNow", func(c *Call) Status { c.Set(0, uint64(c.Sched.Nanotime())); return OK }},
		{"internal/coverage/cfile.getCovCounterList", func(c *Call) Status { c.SetSlice(0, 0, 0, 0); return OK }},
		{"crypto/internal/boring/sig.BoringCrypto", nothing},
		{"crypto/internal/boring/sig.FIPSOnly", nothing},
		{"internal/runtime/sys.GetCallerPC", func(c *Call) Status {
			var pc [1]uint64
			c.Machine.Callers(c.G, 1, pc[:])
			c.Set(0, pc[0])
			return OK
		}},
		{"internal/runtime/sys.GetCallerSP", func(c *Call) Status { c.Set(0, c.Area); return OK }},
	})
}

// hostID(which int) int: see the guest's overlay of package syscall. A run that must repeat itself gets the invented ones too.
func hostID(c *Call) Status {
	invented := [...]int{3, 2, 1, 1, 1, 1}
	own := [...]func() int{os.Getpid, os.Getppid, os.Getuid, os.Geteuid, os.Getgid, os.Getegid}
	i := c.Int(0)
	switch {
	case i < 0 || i >= len(own):
		return c.Fatal("BUG: syscall.hostID of a number that is none")
	case len(c.Sys.Dirs) == 0 || c.Flags.Seed != 0:
		c.SetInt(1, invented[i])
	default:
		c.SetInt(1, own[i]())
	}
	return OK
}
