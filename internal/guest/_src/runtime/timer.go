package runtime

import "unsafe"

// Timers. The host keeps the heap of pending timers; a timer's callback is guest
// code, so one goroutine of the runtime waits for the host to name the next timer
// that is due and calls it. Callbacks of package time never block.

// A timeTimer begins as time.Timer and time.Ticker do: the channel, then a flag
// that says it was made here.
type timeTimer struct {
	c    unsafe.Pointer // <-chan time.Time
	init bool
	f    func(arg any, seq uintptr, delta int64)
	arg  any
	ch   unsafe.Pointer // the channel, for synchronous timer channels; nil for callbacks

	bubble uint64 // it was made in, or 0

	_ [6]uint64 // as large as the real runtime's timer: programs that count bytes see the same
}

// timerStart arms t for the time when (nanotime), then every period ns if that is not 0.
// timerStop and timerReset report whether t was pending; for channel timers they also
// discard a time that was sent and not received.
func timerStart(t *timeTimer, when, period int64, ch unsafe.Pointer)
func timerStop(t *timeTimer, ch unsafe.Pointer) bool
func timerReset(t *timeTimer, when, period int64, ch unsafe.Pointer) bool

// timerNext blocks until a timer is due: the timer, its generation and by how many ns it is late.
func timerNext() (t *timeTimer, seq uintptr, delta int64)

//go:linkname newTimer time.newTimer
func newTimer(when, period int64, f func(arg any, seq uintptr, delta int64), arg any, c unsafe.Pointer) *timeTimer {
	t := &timeTimer{init: true, f: f, arg: arg, ch: c}
	if t.bubble = bubbleID(); t.bubble != 0 {
		resetBubbled(t, when, period)
	} else {
		timerStart(t, when, period, c)
	}
	return t
}

//go:linkname stopTimer time.stopTimer
func stopTimer(t *timeTimer) bool {
	if t.bubble != 0 {
		return stopBubbled(t)
	}
	return timerStop(t, t.ch)
}

//go:linkname resetTimer time.resetTimer
func resetTimer(t *timeTimer, when, period int64) bool {
	if t.bubble != 0 {
		return resetBubbled(t, when, period)
	}
	return timerReset(t, when, period, t.ch)
}

// timerproc is the goroutine that calls due timers.
func timerproc() {
	for {
		t, seq, delta := timerNext()
		t.f(t.arg, seq, delta)
	}
}

//go:linkname time_runtimeNow time.runtimeNow
func time_runtimeNow() (sec int64, nsec int32, mono int64) {
	if t := bubbleTime(); t != 0 { // without a monotonic part, as it has nothing to do with that outside
		return t / 1e9, int32(t % 1e9), 0
	}
	sec, nsec = walltime()
	return sec, nsec, nanotime()
}

//go:linkname time_now time.now
func time_now() (sec int64, nsec int32, mono int64) { return time_runtimeNow() }

//go:linkname time_runtimeNano time.runtimeNano
func time_runtimeNano() int64 {
	if t := bubbleTime(); t != 0 {
		return t
	}
	return nanotime()
}

//go:linkname internal_sync_nanotime internal/sync.runtime_nanotime
func internal_sync_nanotime() int64 { return nanotime() }

//go:linkname poll_nanotime internal/poll.runtimeNano
func poll_nanotime() int64 { return nanotime() }

//go:linkname time_runtimeIsBubbled time.runtimeIsBubbled
func time_runtimeIsBubbled() bool { return bubbleID() != 0 }

// haveHighResSleep tells package time's tests that sleeps are exact to about a millisecond.
var haveHighResSleep = true

// sleep parks the goroutine for ns nanoseconds.
func sleep(ns int64)

//go:linkname timeSleep time.Sleep
func timeSleep(ns int64) {
	if ns > 0 {
		sleep(ns)
	}
}
