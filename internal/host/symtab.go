package host

import (
	"github.com/terrarium-go/terrarium/internal/mem"
)

// Frames and functions, for runtime.Callers and its friends. What the machine
// knows comes through VM.Machine; names become guest strings once and are kept,
// because a program that logs asks for the same ones again and again.

func init() {
	Register([]Entry{
		{"runtime.callers", callers},
		{"runtime.callersAround", callersAround},
		{"runtime.frameAt", frameAt},
		{"runtime.funcAt", funcAt},
		{"runtime.stackText", stackText},
	})
}

// callers(skip int, pcs []uintptr) int. It is called by runtime.Callers and
// runtime.Caller, whose own frame skip 0 counts.
func callers(c *Call) Status {
	skip, n := c.Int(0), c.Arg(2)
	if n > 1<<16 {
		n = 1 << 16
	}
	if skip < 0 {
		skip = 0
	}
	pcs := make([]uint64, n)
	k := c.Machine.Callers(c.G, skip, pcs)
	for i, pc := range pcs[:k] {
		c.Space.Store64(c.Arg(1)+uint64(i)*8, pc)
	}
	c.SetInt(4, k)
	return OK
}

// callersAround(pc uintptr, pcs []uintptr) int
func callersAround(c *Call) Status {
	pcs := make([]uint64, min(c.Arg(2), profileDepth))
	n := c.Machine.Around(c.Arg(0), pcs)
	for i, pc := range pcs[:n] {
		c.Space.Store64(c.Arg(1)+uint64(i)*8, pc)
	}
	c.SetInt(4, n)
	return OK
}

// text is a guest string with the contents of s that lives as long as the machine.
func (c *Call) text(s string) (mem.Addr, bool) {
	if s == "" {
		return 0, true
	}
	c.State.Mu.Lock()
	a, ok := c.State.texts[s]
	c.State.Mu.Unlock()
	if ok {
		return a, true
	}
	if a, ok = c.NewString(s); !ok {
		return 0, false
	}
	c.State.Mu.Lock()
	defer c.State.Mu.Unlock()
	if c.State.texts == nil {
		c.State.texts = map[string]mem.Addr{}
	}
	c.State.texts[s] = a
	c.State.pinned = append(c.State.pinned, a)
	return a, true
}

// frameAt(pc uintptr) (name, file string, line int, entry uintptr, start int, inlined bool)
func frameAt(c *Call) Status {
	for i := 1; i < 9; i++ {
		c.Set(i, 0)
	}
	f, found := c.Machine.Symbolize(c.Arg(0))
	if !found {
		return OK
	}
	name, ok := c.text(f.Func)
	file, ok2 := c.text(f.File)
	if !ok || !ok2 {
		return Collect
	}
	c.SetString(1, name, len(f.Func))
	c.SetString(3, file, len(f.File))
	c.SetInt(5, f.Line)
	c.Set(6, f.Entry)
	c.SetInt(7, f.StartLine)
	c.SetBool(8, f.Inlined)
	return OK
}

// funcAt(pc uintptr) (handle, entry uintptr, name, file string, line int)
func funcAt(c *Call) Status {
	for i := 1; i < 8; i++ {
		c.Set(i, 0)
	}
	f, found := c.Machine.FuncForPC(c.Arg(0))
	if !found {
		return OK
	}
	name, ok := c.text(f.Func)
	file, ok2 := c.text(f.File)
	if !ok || !ok2 {
		return Collect
	}
	c.Set(1, f.Handle)
	c.Set(2, f.Entry)
	c.SetString(3, name, len(f.Func))
	c.SetString(5, file, len(f.File))
	c.SetInt(7, f.StartLine)
	return OK
}

// stackText(buf []byte, all bool) int
func stackText(c *Call) Status {
	all := c.Bool(3)
	if all {
		c.Sched.StopTheWorld(c.P)
		defer c.Sched.StartTheWorld(c.P)
	}
	c.SetInt(4, c.Machine.Stack(c.G, all, c.Bytes(0)))
	return OK
}
