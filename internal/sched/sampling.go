package sched

import (
	"sync"
	"time"
)

// # Sampling
//
// A profile of processor time looks at every running goroutine hz times a second. A ticker of the host asks the Ps that run one
// (WantSample); the Runner shows the goroutine at its next safepoint, a function's entry or a loop's back-edge, and goes on.
// So a sample counts for the code that was executing when it was asked for or shortly before, at the granularity of
// those. Ps that sleep, and goroutines that wait for a host call, use no time and are not looked at.

// sampling is the ticker, if there is one.
type sampling struct {
	mu   sync.Mutex
	stop chan struct{} // nil: no ticker
}

// Sample looks at running goroutines hz times a second from now on; 0 ends that.
func (s *Sched) Sample(hz int) {
	x := &s.sampling
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stop != nil {
		close(x.stop)
		x.stop = nil
	}
	if hz <= 0 {
		return
	}
	x.stop = make(chan struct{})
	go func(stop chan struct{}) {
		t := time.NewTicker(time.Second / time.Duration(hz))
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-s.quit:
				return
			case <-t.C:
			}
			for _, p := range s.Ps() {
				if p.Current() != nil {
					p.Interrupt(WantSample)
				}
			}
		}
	}(x.stop)
}
