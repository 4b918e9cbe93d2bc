package host

import (
	"runtime"
	"time"

	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Host functions of the guest's package runtime that are not about goroutines or
// frames: start and end, clocks, randomness, memory statistics and settings.

func init() {
	Register([]Entry{
		{"runtime.exit", func(c *Call) Status {
			c.Code = c.Int(0)
			c.State.sites.lastCollection(c)
			return Exit
		}},
		{"syscall.ProcExit", func(c *Call) Status { c.Code = int(int32(c.U32(0))); return Exit }},
		{"runtime.throw", func(c *Call) Status { return c.Fatal(c.String(0)) }},
		{"runtime.fatalError", func(c *Call) Status { return c.FatalUser(c.String(0)) }},
		{"runtime.write", write},
		{"runtime.rand", func(c *Call) Status { c.Set(0, c.random()); return OK }},
		{"runtime.nanotime", func(c *Call) Status { c.Set(0, uint64(c.Sched.Nanotime())); return OK }},
		{"runtime.walltime", walltime},
		{"runtime.NumCPU", func(c *Call) Status { c.SetInt(0, max(runtime.NumCPU(), c.Sched.Procs())); return OK }},
		{"runtime.Version", version},
		{"runtime.goroot", func(c *Call) Status { return c.giveString(0, c.Prog.GOROOT) }},
		{"runtime.stringCount", stringCount},
		{"runtime.stringOf", stringOf},
		{"runtime.getgLocal", func(c *Call) Status { c.Set(1, c.local(c.Int(0))); return OK }},
		{"runtime.setgLocal", func(c *Call) Status { c.setLocal(c.Int(0), c.Arg(1)); return OK }},
		{"runtime.readStats", readStats},
		{"runtime.releaseMemory", func(c *Call) Status { c.P.Cache.Flush(); c.Heap.ReleaseFree(); return OK }},
		{"runtime.findObject", findObject},
		{"runtime.static", func(c *Call) Status {
			a := c.Arg(0)
			c.SetBool(1, a >= mem.DataBase && a < mem.HeapBase || a == c.Heap.ZeroBase())
			return OK
		}},
		{"runtime.addFinalizer", addFinalizer},
		{"runtime.removeFinalizer", func(c *Call) Status { c.Heap.RemoveFinalizer(c.Arg(0)); return OK }},
		{"runtime.addCleanup", addCleanup},
		{"runtime.removeCleanup", func(c *Call) Status { c.Heap.StopCleanup(c.Arg(0), c.Arg(1)); return OK }},
		{"weak.runtime_registerWeakPointer", weakHandle},
		{"weak.runtime_makeStrongFromWeak", strong},
		{"internal/weak.runtime_registerWeakPointer", weakHandle},
		{"internal/weak.runtime_makeStrongFromWeak", strong},
		{"crypto/internal/boring/sig.StandardCrypto", func(c *Call) Status { return OK }},
		{"crypto/internal/sysrand.fatal", func(c *Call) Status { return c.Fatal(c.String(0)) }},
	})
}

func (c *Call) giveString(slot int, s string) Status {
	a, ok := c.NewString(s)
	if !ok {
		return Collect
	}
	c.SetString(slot, a, len(s))
	return OK
}

// write(fd uintptr, p unsafe.Pointer, n int32) int32
func write(c *Call) Status {
	n := uint64(c.U32(16))
	b, ok := c.Space.Bytes(c.Arg(1), n)
	f := c.file(int32(c.Arg(0)))
	if !ok || f == nil || f.w == nil {
		c.Set(3, ^uint64(0))
		return OK
	}
	k, _ := f.w.Write(b)
	c.SetInt(3, k)
	return OK
}

// walltime() (sec int64, nsec int32)
func walltime(c *Call) Status {
	t := c.wallTime()
	if c.Sched.VirtualTime() {
		t = time.Unix(0, 1e18+c.Sched.Nanotime())
	}
	c.Set(0, uint64(t.Unix()))
	c.SetInt(1, t.Nanosecond())
	return OK
}

func version(c *Call) Status { return c.giveString(0, c.Prog.GoVersion) }

func (c *Call) list(n int) []string {
	switch n {
	case 0:
		return c.Sys.Args
	case 2:
		return []string{c.Prog.GODEBUG}
	case 3:
		return []string{c.Prog.BuildInfo}
	}
	return c.Sys.Env
}

// stringCount(list int) int
func stringCount(c *Call) Status {
	c.SetInt(1, len(c.list(c.Int(0))))
	return OK
}

// stringOf(list, i int) string
func stringOf(c *Call) Status {
	l, i := c.list(c.Int(0)), c.Int(1)
	if i < 0 || i >= len(l) {
		c.SetString(2, 0, 0)
		return OK
	}
	return c.giveString(2, l[i])
}

// A goroutine's own words: FIPS indicator, FIPS bypass, thread locks, panic on fault.

func (c *Call) local(i int) uint64 {
	if i >= 0 && i < len(c.G.Local) {
		return c.G.Local[i]
	}
	return 0
}

func (c *Call) setLocal(i int, v uint64) {
	if i >= 0 && i < len(c.G.Local) {
		c.G.Local[i] = v
	}
}

// findObject(p unsafe.Pointer) (base, size uintptr)
func findObject(c *Call) Status {
	base, size, _, _, ok := c.Heap.Object(c.Arg(0))
	if !ok {
		base, size = 0, 0
	}
	c.Set(1, base)
	c.Set(2, size)
	return OK
}

// addFinalizer(p, fn unsafe.Pointer, fint, ptr *abi.Type) bool
func addFinalizer(c *Call) Status {
	ok, st := c.Heap.SetFinalizer(c.Arg(0), heap.Finalizer{Fn: c.Arg(1), FnType: c.Arg(2), PtrType: c.Arg(3)})
	if st != heap.OK {
		return Collect
	}
	if ok {
		c.noteOrigin(originKey{c.Arg(0), 0}, c.Arg(1), c.Arg(3))
	}
	c.SetBool(4, ok)
	return OK
}

// addCleanup(p unsafe.Pointer, fn func(), code unsafe.Pointer, ptr *abi.Type) uint64
func addCleanup(c *Call) Status {
	id, st := c.Heap.AddCleanup(c.Arg(0), heap.Cleanup{Fn: c.Arg(1)})
	if st != heap.OK {
		return Collect
	}
	if id != 0 {
		c.noteOrigin(originKey{c.Arg(0), id}, c.Arg(2), c.Arg(3))
	}
	c.Set(4, id)
	return OK
}

// strong(handle unsafe.Pointer) unsafe.Pointer
func strong(c *Call) Status {
	p := c.Heap.Strong(c.Arg(0))
	c.Sched.Barrier().Shade(p) // a snapshot of the heap may not have it
	c.Set(1, p)
	return OK
}

// weakHandle(p unsafe.Pointer) unsafe.Pointer
func weakHandle(c *Call) Status {
	if c.Arg(0) == 0 {
		c.Set(1, 0)
		return OK
	}
	h, st := c.P.Cache.WeakHandle(c.Arg(0), c.allocFlags())
	if st != heap.OK {
		return Collect
	}
	c.Set(1, h)
	return OK
}
