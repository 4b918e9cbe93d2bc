package terrarium_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrarium-go/terrarium"
)

// leaky has goroutines that nobody can wake, and others that look like them. It prints the functions of the profile
// that GOEXPERIMENT=goroutineleakprofile brings.
const leaky = `package main

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"
)

var global = make(chan int)

func leakReceive() { <-make(chan int) }
func leakSend()    { make(chan int) <- 1 }
func leakNil()     { var c chan int; <-c }
func leakEmpty()   { select {} }
func leakSelect()  { select { case <-make(chan int): case make(chan string) <- "x": } }
func leakGroup()   { w := new(sync.WaitGroup); w.Add(1); w.Wait() }
func leakRead()    { mu := new(sync.RWMutex); mu.Lock(); mu.RLock() }
func leakCond()    { c := sync.NewCond(new(sync.Mutex)); c.L.Lock(); c.Wait() }
func leakPair()    { a, b := make(chan int), make(chan int); go leakOther(a, b); <-a; b <- 1 }
func leakOther(a, b chan int) { <-b; a <- 1 }

func liveGlobal()            { <-global }
func liveTimer()             { <-time.After(time.Hour) }
func liveTicker()            { for range time.NewTicker(time.Hour).C { } }
func liveSleep()             { time.Sleep(time.Hour) }
func liveHeld(c chan int)    { <-c }
func liveVia(c chan *[1]chan int, d chan int) { <-d; <-c }

func main() {
	for _, f := range []func(){leakReceive, leakSend, leakNil, leakEmpty, leakSelect, leakGroup, leakRead, leakCond, leakPair,
		liveGlobal, liveTimer, liveTicker, liveSleep} {
		go f()
	}
	held, via := make(chan int), make(chan *[1]chan int, 1)
	inner := make(chan int)
	via <- &[1]chan int{inner}
	go liveHeld(held)
	go liveVia(via, inner)
	inner = nil
	time.Sleep(50 * time.Millisecond)
	p := pprof.Lookup("goroutineleak")
	var b bytes.Buffer
	p.WriteTo(&b, 1)
	first, rest, _ := strings.Cut(b.String(), "\n")
	fns := regexp.MustCompile("main\\.\\w+").FindAllString(rest, -1)
	slices.Sort(fns)
	fmt.Println(first, p.Count(), fns)
	buf := make([]byte, 1<<16)
	fmt.Println(strings.Count(string(buf[:runtime.Stack(buf, true)]), "(leaked)]:"))
	runtime.KeepAlive(held)
	runtime.KeepAlive(via)
}
`

// TestLeaks: the goroutines that are leaked are found, and no others.
func TestLeaks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "leaky.go")
	if err := os.WriteFile(file, []byte(leaky), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := terrarium.Compile(context.Background(), terrarium.Options{Args: []string{file}, Env: append(os.Environ(), "GOEXPERIMENT=goroutineleakprofile")})
	if err != nil {
		t.Fatal(err)
	}
	want := "goroutineleak profile: total 10 10 [main.leakCond main.leakEmpty main.leakGroup main.leakNil main.leakOther main.leakPair main.leakRead main.leakReceive main.leakSelect main.leakSend]\n10\n"
	for _, gc := range []string{"concurrent", "marksweep"} {
		var out bytes.Buffer
		if _, err := p.Run(context.Background(), terrarium.Config{Stdout: &out, Stderr: &out, Collector: gc}); err != nil || out.String() != want {
			t.Errorf("%s: %v\ngot  %swant %s", gc, err, out.String(), want)
		}
	}
}
