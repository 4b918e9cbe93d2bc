package runtime

import "unsafe"

// Bubbles, for testing/synctest. The host counts who is blocked and keeps the bubble's clock and
// timers; this is the life of the goroutine that called Run, the root.

// bubbleID is the number of the goroutine's bubble, bubbleTime the time in it in ns since 1970; 0 outside of bubbles.
func bubbleID() uint64
func bubbleTime() int64

// bubbleStart makes the caller the root of a new bubble and starts f in it.
func bubbleStart(f func())

// bubbleTimer gives the next timer that is due, nil if there is none, and by how many ns it is late.
func bubbleTimer() (t *timeTimer, late int64)

// bubbleIdle waits until every goroutine is durably blocked, and moves the clock. What comes then is one of bubble….
func bubbleIdle() int

const (
	bubbleGoesOn   = iota // timers may be due
	bubbleOver            // only the root is left
	bubbleLeft            // main has ended, others have not
	bubbleDeadlock        // all are blocked
)

// bubbleEnd takes the root out of its bubble.
func bubbleEnd()

//go:linkname synctestRun internal/synctest.Run
func synctestRun(f func()) {
	if bubbleID() != 0 {
		panic("synctest.Run called from within a synctest bubble")
	}
	bubbleStart(f)
	defer bubbleEnd()
	for {
		for t, late := bubbleTimer(); t != nil; t, late = bubbleTimer() {
			t.f(t.arg, 0, late)
		}
		switch bubbleIdle() {
		case bubbleOver:
			return
		case bubbleLeft:
			panic(synctestDeadlockError{"deadlock: main bubble goroutine has exited but blocked goroutines remain"})
		case bubbleDeadlock:
			panic(synctestDeadlockError{"deadlock: all goroutines in bubble are blocked"})
		}
	}
}

type synctestDeadlockError struct{ reason string }

func (e synctestDeadlockError) Error() string { return e.reason }

// bubbleWait waits until the other goroutines of the bubble are durably blocked; false: another one does already.
func bubbleWait() bool

//go:linkname synctestWait internal/synctest.Wait
func synctestWait() {
	if bubbleID() == 0 {
		panic("goroutine is not in a bubble")
	}
	if !bubbleWait() {
		panic("wait already in progress")
	}
}

// bubbleAcquire keeps the bubble going until bubbleRelease; bubbleEnter and bubbleLeave make the
// goroutine a part of it for a while.
func bubbleAcquire() uint64
func bubbleRelease(id uint64)
func bubbleEnter(id uint64) bool
func bubbleLeave()

// bubbleRef is a bubble in the hands of package internal/synctest.
type bubbleRef struct{ id uint64 }

//go:linkname synctest_acquire internal/synctest.acquire
func synctest_acquire() any {
	if id := bubbleAcquire(); id != 0 {
		return &bubbleRef{id}
	}
	return nil
}

//go:linkname synctest_release internal/synctest.release
func synctest_release(b any) { bubbleRelease(b.(*bubbleRef).id) }

//go:linkname synctest_inBubble internal/synctest.inBubble
func synctest_inBubble(b any, f func()) {
	if bubbleID() != 0 {
		panic("goroutine is already bubbled")
	}
	if !bubbleEnter(b.(*bubbleRef).id) {
		panic("bubble has ended")
	}
	defer bubbleLeave()
	f()
}

// bubbleTimerReset and bubbleTimerStop are timerReset and timerStop for the timers of the goroutine's bubble; due says
// that the time has come and the caller calls the function, late by so many ns.
func bubbleTimerReset(t *timeTimer, when, period int64, ch unsafe.Pointer) (pending, due bool, late int64)
func bubbleTimerStop(t *timeTimer, ch unsafe.Pointer) bool

// resetBubbled arms a timer that was made in a bubble.
func resetBubbled(t *timeTimer, when, period int64) bool {
	if bubbleID() != t.bubble {
		fatal("reset of synctest timer from outside bubble")
	}
	pending, due, late := bubbleTimerReset(t, when, period, t.ch)
	if due {
		t.f(t.arg, 0, late)
	}
	return pending
}

// stopBubbled stops a timer that was made in a bubble.
func stopBubbled(t *timeTimer) bool {
	if bubbleID() != t.bubble {
		fatal("stop of synctest timer from outside bubble")
	}
	return bubbleTimerStop(t, t.ch)
}
