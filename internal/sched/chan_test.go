package sched

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/terrarium-go/terrarium/internal/gc"
	"github.com/terrarium-go/terrarium/internal/heap"
	"github.com/terrarium-go/terrarium/internal/mem"
)

func TestBufferedOrder(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			for size := range 5 {
				ch := t.makechan(size)
				if c := t.m.ChanCap(ch); c != size {
					t.fail("cap is %d, want %d", c, size)
				}
				t.spawn(func(t *task) {
					for i := range uint64(50) {
						t.send(ch, i)
						if i%7 == 0 {
							t.gosched()
						}
					}
					t.close(ch)
				})
				for i := range uint64(50) {
					if v, ok := t.recv(ch); v != i || !ok {
						t.fail("size %d: received %d, %v; want %d", size, v, ok, i)
					}
					if i%5 == 0 {
						t.gosched()
					}
				}
				if v, ok := t.recv(ch); v != 0 || ok {
					t.fail("closed channel gives %d, %v", v, ok)
				}
			}
			t.exit(0)
		}
	})
}

func TestChanPanics(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			ch := t.makechan(1)
			parked := t.makechan(0)
			res := t.makechan(3)
			t.spawn(func(t *task) { t.send(res, uint64(t.send(parked, 1))) })
			t.spawn(func(t *task) {
				_, _, _, r := t.choose(false, []Case{{Ch: ch}, {Ch: parked, Send: true}}, []uint64{0, 5})
				t.send(res, uint64(r))
			})
			for t.m.waiters(parked) < 2 {
				t.gosched()
			}
			t.close(parked)
			for range 2 {
				if v, _ := t.recv(res); ChanResult(v) != ChanSendClosed {
					t.fail("parked sender of a closed channel gets %d", v)
				}
			}
			if r := t.close(parked); r != ChanCloseTwice || r.PanicText() != "close of closed channel" {
				t.fail("closing twice gives %d", r)
			}
			if r := t.close(0); r != ChanCloseNil || r.PanicText() != "close of nil channel" {
				t.fail("closing nil gives %d", r)
			}
			if r := t.send(parked, 1); r != ChanSendClosed || r.PanicText() != "send on closed channel" {
				t.fail("sending on a closed channel gives %d", r)
			}
			if r := t.sendNB(0, 1, false); r != ChanWouldBlock {
				t.fail("non-blocking send on nil gives %d", r)
			}
			if r := t.send(12345678, 1); r != ChanBad {
				t.fail("sending on no channel gives %d", r)
			}
			if _, _, r := t.recvNB(mem.Size-8, false); r != ChanBad {
				t.fail("receiving from no channel gives %d", r)
			}
			t.exit(0)
		}
	})
}

// TestCloseOrder has one P. The first waiter is made ready last and so runs first; the others follow as they were made ready, the last before the first.
func TestCloseOrder(t *testing.T) {
	const n = 6
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		ch, res := t.makechan(0), t.makechan(n)
		for i := range uint64(n) {
			t.spawn(func(t *task) {
				t.recv(ch)
				t.send(res, i)
			})
			for t.m.waiters(ch) <= int(i) {
				t.gosched()
			}
		}
		t.close(ch)
		for i := range uint64(n) {
			if v, _ := t.recv(res); v != (n-i)%n {
				t.fail("waiter %d goes on as number %d", v, i)
			}
		}
		t.exit(0)
	})
	m.ok()
}

// waiters counts the goroutines that wait on a channel.
func (m *machine) waiters(ch mem.Addr) (n int) {
	sh := m.shard(ch)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if cw := sh.chans[ch]; cw != nil {
		for w := cw.recv.head; w != nil; w = w.next {
			n++
		}
		for w := cw.send.head; w != nil; w = w.next {
			n++
		}
	}
	return n
}

func TestDamagedHeader(t *testing.T) {
	m := newMachine(t, Config{Procs: 1}, func(t *task) {
		for i, damage := range []func(h *hchan){
			func(h *hchan) { h.recvx = 4 },
			func(h *hchan) { h.size = 1 << 60 },
			func(h *hchan) { h.buf = 3 },
			func(h *hchan) { h.buf = mem.TextBase - 8 },
			func(h *hchan) { h.count = 5 },
		} {
			ch := t.makechan(4)
			t.send(ch, 1)
			damage(t.m.chanAt(ch))
			if _, _, r := t.recvNB(ch, false); r != ChanBad {
				t.fail("damage %d gives %d", i, r)
			}
		}
		t.exit(0)
	})
	m.ok()
}

func TestElementSizes(t *testing.T) {
	m := newMachine(t, Config{Procs: 2}, func(t *task) {
		for _, size := range []uint64{0, 1, 2, 7, 8, 12, 24, 1000} {
			for _, n := range []int64{0, 1, 3} {
				src, dst := t.alloc(1024), t.alloc(1024)
				var ch mem.Addr
				t.do(func(p *P, g *G) answer {
					ch, _, _ = t.m.MakeChan(p, 0, size, 0, true, n, 0)
					return done
				})
				for i := range uint64(1024) {
					t.m.space.Store8(src+i, uint8(i*7+1))
				}
				t.spawn(func(t *task) {
					t.do(func(p *P, g *G) answer {
						if t.m.ChanSend(p, g, ch, src, true) == ChanPark {
							return park
						}
						return done
					})
				})
				t.do(func(p *P, g *G) answer {
					if r, _ := t.m.ChanRecv(p, g, ch, dst, true); r == ChanPark {
						return park
					}
					return done
				})
				for i := range uint64(1024) {
					want := uint8(i*7 + 1)
					if i >= size {
						want = 0
					}
					if got := t.m.space.Load8(dst + i); got != want {
						t.fail("size %d: byte %d is %d, want %d", size, i, got, want)
					}
				}
			}
		}
		var ok bool
		t.do(func(p *P, g *G) answer {
			_, _, ok = t.m.MakeChan(p, 0, 8, 0, false, -1, 0)
			return done
		})
		if ok {
			t.fail("a channel of size -1")
		}
		t.exit(0)
	})
	m.ok()
}

func TestSelectIsFair(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			a, b := t.makechan(1), t.makechan(1)
			var n [2]int
			for range 1000 {
				t.sendNB(a, 1, false)
				t.sendNB(b, 1, false)
				c, _, _, _ := t.choose(false, []Case{{Ch: a}, {Ch: b}, {Ch: 0}}, nil)
				n[c]++
			}
			if n[0] < 400 || n[1] < 400 {
				t.fail("cases were chosen %v times", n)
			}
			t.exit(0)
		}
	})
}

// Many goroutines select on sends and receives of the same channels; every value
// must arrive exactly once.
func TestSelectStress(t *testing.T) {
	const workers, rounds = 12, 200
	each(t, func(*testing.T) script {
		return func(t *task) {
			var sent, got [3]atomic.Int64
			chans := []mem.Addr{t.makechan(0), t.makechan(2), t.makechan(0)}
			end := t.makechan(workers)
			quit := t.makechan(0)
			var doneSending atomic.Int32
			for w := range workers {
				t.spawn(func(t *task) {
					cases := make([]Case, 0, 7)
					vals := make([]uint64, 7)
					for _, ch := range chans {
						cases = append(cases, Case{Ch: ch, Send: true}, Case{Ch: ch})
					}
					cases = append(cases, Case{Ch: quit})
					for r := range rounds {
						for i := range vals {
							vals[i] = uint64(w*rounds+r) + 1
						}
						c, v, _, _ := t.choose(false, cases, vals)
						if c%2 == 0 && c < 6 {
							sent[c/2].Add(int64(vals[c]))
						} else if c < 6 {
							got[c/2].Add(int64(v))
						}
					}
					doneSending.Add(1)
					// Serve those who are left over.
					for {
						cs := []Case{{Ch: chans[0]}, {Ch: chans[1]}, {Ch: chans[2]}, {Ch: quit}}
						c, v, _, _ := t.choose(false, cs, nil)
						if c == 3 {
							break
						}
						got[c].Add(int64(v))
					}
					t.send(end, 1)
				})
			}
			for doneSending.Load() < workers {
				t.gosched()
				if doneSending.Load() == workers-1 { // it may wait for a peer
					for i, ch := range chans {
						v, ok, r := t.recvNB(ch, false)
						if r == ChanDone && ok {
							got[i].Add(int64(v))
						}
						if t.sendNB(ch, 1, false) == ChanDone {
							sent[i].Add(1)
						}
					}
				}
			}
			for _, ch := range chans {
				for t.m.ChanLen(ch) > 0 {
					t.gosched()
				}
			}
			t.close(quit)
			for range workers {
				t.recv(end)
			}
			for i := range chans {
				if sent[i].Load() != got[i].Load() {
					t.fail("channel %d: sent %d, received %d", i, sent[i].Load(), got[i].Load())
				}
			}
			for i := range t.m.chans {
				if n := len(t.m.chans[i].chans); n != 0 {
					t.fail("%d channels still have entries", n)
				}
			}
			t.exit(0)
		}
	})
}

func TestMutexAndCond(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			sem := t.alloc(64)
			t.m.space.Store32(sem, 1)
			var counter, inside atomic.Int32 // the semaphore is in memory that the race detector does not see
			end := t.makechan(10)
			for w := range 10 {
				t.spawn(func(t *task) {
					for i := range 100 {
						t.acquire(sem, i%3 == 0)
						if n := inside.Add(1); n != 1 {
							t.fail("%d inside", n)
						}
						counter.Add(1)
						if i%10 == 0 {
							t.gosched()
						}
						inside.Add(-1)
						t.release(sem, (w+i)%2 == 0)
					}
					t.send(end, 1)
				})
			}
			for range 10 {
				t.recv(end)
			}
			if counter.Load() != 1000 || t.m.space.Load32(sem) != 1 {
				t.fail("counter %d, semaphore %d", counter.Load(), t.m.space.Load32(sem))
			}

			list := t.alloc(64)
			var woken atomic.Int32
			for range 6 {
				t.spawn(func(t *task) {
					var ticket uint32
					t.do(func(p *P, g *G) answer { ticket, _ = t.m.NotifyAdd(list); return done })
					t.do(func(p *P, g *G) answer {
						if t.m.NotifyWait(g, list, ticket) == SemaPark {
							return park
						}
						return done
					})
					woken.Add(1)
				})
			}
			for t.m.space.Load32(list) < 6 {
				t.gosched()
			}
			for want := int32(1); want <= 2; want++ {
				t.do(func(p *P, g *G) answer { t.m.NotifyOne(p, g, list); return done })
				for woken.Load() < want {
					t.gosched()
				}
			}
			t.do(func(p *P, g *G) answer { t.m.NotifyAll(p, g, list); return done })
			for woken.Load() < 6 {
				t.gosched()
			}
			for i := range t.m.semas {
				if n, w := len(t.m.semas[i].queues), t.m.semas[i].waiters.Load(); n != 0 || w != 0 {
					t.fail("shard %d has %d queues and %d waiters", i, n, w)
				}
			}
			t.exit(0)
		}
	})
}

func TestSleepOrder(t *testing.T) {
	each(t, func(*testing.T) script {
		return func(t *task) {
			ch := t.makechan(0)
			for _, d := range []uint64{30, 10, 20, 40, 0} {
				t.spawn(func(t *task) {
					before := t.m.Nanotime()
					t.sleep(time.Duration(d) * time.Millisecond)
					if slept := t.m.Nanotime() - before; slept < int64(d)*1e6 {
						t.fail("slept %d ns, want %d ms", slept, d)
					}
					t.send(ch, d)
				})
			}
			for _, want := range []uint64{0, 10, 20, 30, 40} {
				if v, _ := t.recv(ch); v != want {
					t.fail("%d ms woke when %d ms was due", v, want)
				}
			}
			t.exit(0)
		}
	})
}

// start arms a guest timer: word 1 is its channel, word 2 counts callbacks.
func (t *task) start(timer mem.Addr, in, period time.Duration, ch mem.Addr) (pending bool) {
	t.m.space.Store64(timer+8, ch)
	t.do(func(p *P, g *G) answer {
		var st heap.Status
		pending, st = t.m.TimerReset(p, timer, t.m.Nanotime()+int64(in), int64(period), ch, 0)
		if st != heap.OK {
			panic("timer refused")
		}
		return done
	})
	return pending
}

func (t *task) stopTimer(timer, ch mem.Addr) (pending bool) {
	t.do(func(p *P, g *G) answer { pending = t.m.TimerStop(timer, ch); return done })
	return pending
}

func TestTimers(t *testing.T) {
	const ms = time.Millisecond
	each(t, func(*testing.T) script {
		return func(t *task) {
			// A callback.
			f := t.alloc(64)
			t.start(f, ms, 0, 0)
			for t.m.space.Load64(f+16) == 0 {
				t.sleep(ms)
			}
			if t.stopTimer(f, 0) {
				t.fail("a timer that has fired was pending")
			}
			if t.start(f, time.Hour, 0, 0); !t.stopTimer(f, 0) || t.stopTimer(f, 0) {
				t.fail("Stop of a pending timer, or of a stopped one, is wrong")
			}
			// A channel: expired and not received is still pending; nothing stale after Stop.
			tm, ch := t.alloc(64), t.makechan(1)
			for range 20 {
				t.start(tm, 100*time.Microsecond, 0, ch)
				if t.m.ChanLen(ch) != 0 || t.m.ChanCap(ch) != 0 {
					t.fail("a timer's channel has a length or capacity")
				}
				t.sleep(ms)
				if !t.stopTimer(tm, ch) {
					t.fail("an expired timer whose time was not received is not pending")
				}
				if _, _, r := t.recvNB(ch, false); r != ChanWouldBlock {
					t.fail("a stale time was received")
				}
			}
			// An expired timer is never missed by a poll.
			for range 20 {
				t.start(tm, 100*time.Microsecond, 0, ch)
				t.sleep(ms)
				if _, ok, r := t.recvNB(ch, false); r != ChanDone || !ok {
					t.fail("poll of an expired timer gives %d", r)
				}
				if t.stopTimer(tm, ch) {
					t.fail("a received timer was pending")
				}
				t.start(tm, 100*time.Microsecond, 0, ch)
				t.sleep(ms)
				if c, _, _, _ := t.choose(true, []Case{{Ch: ch}}, nil); c != 0 {
					t.fail("select of an expired timer chooses %d", c)
				}
			}
			// A ticker, and Reset.
			t.start(tm, ms, ms, ch)
			for range 5 {
				t.recv(ch)
			}
			if !t.start(tm, time.Hour, 0, ch) || !t.start(tm, ms, 0, ch) {
				t.fail("Reset of a ticker or a pending timer says it was not pending")
			}
			t.recv(ch)
			if t.start(tm, time.Hour, 0, ch) {
				t.fail("Reset of a fired timer says it was pending")
			}
			t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
			t.stopTimer(tm, ch)
			if n := len(t.m.timers.byAddr); n != 0 {
				t.fail("%d timers are left", n)
			}
			t.exit(0)
		}
	})
}

// A channel's timer that the guest has dropped goes away, and it does not hide a
// deadlock.
func TestTimersOfNobody(t *testing.T) {
	var kept int
	var m *machine
	m = newMachine(t, Config{Procs: 2}, func(t *task) {
		for range 50 {
			timer, ch := t.alloc(64), t.makechan(1)
			t.start(timer, time.Hour, 0, ch)
		}
		f := t.alloc(64)
		t.start(f, time.Hour, 0, 0)
		t.do(func(p *P, g *G) answer { t.m.Collect(p, g, gc.Request{Reason: gc.Forced}); return done })
		kept = len(t.m.timers.byAddr)
		t.stopTimer(f, 0)
		timer, ch := t.alloc(64), t.makechan(1)
		t.start(timer, time.Hour, time.Hour, ch)
		t.recv(t.makechan(0))
	})
	if e := m.run(); e.Reason != ExitDeadlock {
		t.Errorf("ended with %+v", e)
	}
	if kept != 1 {
		t.Errorf("%d timers outlived the collection, want the one with a callback", kept)
	}
}

func TestTimerHeap(t *testing.T) {
	var ts timers
	var all []*timer
	x := uint64(1)
	for range 2000 {
		x = mix(x + 1)
		tm := &timer{when: int64(x % 500), at: -1}
		all = append(all, tm)
		ts.insert(tm)
		if x%3 == 0 {
			ts.remove(all[mix(x)%uint64(len(all))])
		}
	}
	var last *timer
	for len(ts.heap) > 0 {
		first := ts.heap[0]
		if ts.next.Load() != first.when || last != nil && first.before(last) {
			t.Fatalf("timer at %d after %d, next is %d", first.when, last.when, ts.next.Load())
		}
		ts.remove(first)
		last = first
	}
}

func BenchmarkPingPong(b *testing.B) {
	for _, procs := range []int{1, 2} {
		b.Run("procs="+string(rune('0'+procs)), func(b *testing.B) {
			m := newBench(b, procs, func(t *task) {
				x, y := t.makechan(0), t.makechan(0)
				t.spawn(func(t *task) {
					for {
						t.recv(x)
						t.send(y, 1)
					}
				})
				b.ResetTimer()
				for range b.N {
					t.send(x, 1)
					t.recv(y)
				}
				t.exit(0)
			})
			m.ok()
		})
	}
}

func BenchmarkBuffered(b *testing.B) {
	m := newBench(b, 1, func(t *task) {
		ch := t.makechan(16)
		b.ResetTimer()
		t.do(func(p *P, g *G) answer {
			for range b.N {
				t.m.ChanSend(p, g, ch, g.Stack.Lo, true)
				t.m.ChanRecv(p, g, ch, g.Stack.Lo+8, true)
			}
			return done
		})
		t.exit(0)
	})
	m.ok()
}
