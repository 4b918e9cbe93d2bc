package poll

import (
	"sync"
	"time"
)

// Deadlines of descriptors. The host knows only whether a deadline has passed; what
// lets it pass is an ordinary timer of the guest, so that virtual time and the
// machine's account hold for it as for every other timer.

// pollDesc is a descriptor's entry at the host's poller.
type pollDesc struct {
	runtimeCtx uintptr // 0: not pollable

	mu        sync.Mutex // guards deadlines
	deadlines [2]deadline
}

// deadline is that of reading or of writing.
type deadline struct {
	timer *time.Timer // nil: none was set
	turn  uint64      // how often it was set; a timer of an earlier turn does nothing
}

func (pd *pollDesc) close() {
	if pd.runtimeCtx == 0 {
		return
	}
	pd.mu.Lock()
	for i := range pd.deadlines {
		pd.deadlines[i].stop()
	}
	runtime_pollClose(pd.runtimeCtx)
	pd.runtimeCtx = 0
	pd.mu.Unlock()
}

func (d *deadline) stop() {
	d.turn++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// setDeadline lets the deadline of mode pass after d: never for 0, at once for less.
func (pd *pollDesc) setDeadline(d time.Duration, mode int) {
	pd.mu.Lock()
	defer pd.mu.Unlock()
	runtime_pollSetDeadline(pd.runtimeCtx, min(int64(d), 0), mode)
	for i, m := range [2]int{'r', 'w'} {
		if mode != m && mode != 'r'+'w' {
			continue
		}
		dl := &pd.deadlines[i]
		dl.stop()
		if d <= 0 {
			continue
		}
		turn := dl.turn
		dl.timer = time.AfterFunc(d, func() {
			pd.mu.Lock()
			defer pd.mu.Unlock()
			if dl.turn == turn {
				runtime_pollSetDeadline(pd.runtimeCtx, -1, m)
			}
		})
	}
}

func setDeadlineImpl(fd *FD, t time.Time, mode int) error {
	var d time.Duration
	if !t.IsZero() {
		if d = time.Until(t); d == 0 {
			d = -1 // now, which is not the same as never
		}
	}
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	if !fd.pd.pollable() {
		return ErrNoDeadline
	}
	fd.pd.setDeadline(d, mode)
	return nil
}
