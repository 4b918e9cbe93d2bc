// Records holds on to many objects without keeping them: half of 300,000 die, and the lines of gctrace say how long the
// world stood still for that.
//
//	GODEBUG=gctrace=1 records finalizers|cleanups|weak|timers|channels
package main

import (
	"os"
	"runtime"
	"time"
	"weak"
)

const n = 300000

type object struct{ a, b *object }

var (
	objects []*object
	weaks   []weak.Pointer[object]
	timers  []*time.Timer
)

func main() {
	kind := ""
	if len(os.Args) == 2 {
		kind = os.Args[1]
	}
	for i := range n {
		o := &object{}
		objects = append(objects, o)
		switch kind {
		case "finalizers":
			runtime.SetFinalizer(o, func(*object) {})
		case "cleanups":
			runtime.AddCleanup(o, func(int) {}, i)
		case "weak":
			weaks = append(weaks, weak.Make(o))
		case "timers":
			timers = append(timers, time.AfterFunc(time.Hour, func() {}))
		case "channels":
			timers = append(timers, time.NewTimer(time.Hour))
		default:
			println("usage: records finalizers|cleanups|weak|timers|channels")
			os.Exit(2)
		}
	}
	runtime.GC()
	for i := range n / 2 {
		objects[2*i] = nil
		if timers != nil {
			timers[2*i] = nil
		}
	}
	runtime.GC()
	runtime.GC()
}
