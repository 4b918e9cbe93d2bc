package host

import "math"

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
	Register([]Entry{
		{"math.archFloor", float(math.Floor)},
		{"math.archCeil", float(math.Ceil)},
		{"math.archTrunc", float(math.Trunc)},
		{"syscall.now", walltime},
		{"syscall.runtimeClearenv", nothing},
		{"syscall.Getpagesize", func(c *Call) Status { c.SetInt(0, 64<<10); return OK }}, // as wasm has it
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
