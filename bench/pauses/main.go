// Pauses runs a program with a large heap and many goroutines natively and under collectors of
// Terrarium and prints how long the world stood still, as histograms:
//
//	cd bench && go run ./pauses
//	cd bench && go run ./pauses -mb 256 -seconds 10 -gc concurrent
//
// Every pause counts by itself: a cycle of concurrent has two, and a native one; a cycle of marksweep is one. They come from
// the lines of gctrace and include the time that stopping the world takes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terrarium-go/terrarium/bench/command"
)

var (
	mb         = flag.Int("mb", 1024, "live heap in MB")
	goroutines = flag.Int("goroutines", 1000, "goroutines")
	seconds    = flag.Int("seconds", 60, "how long the program runs after it has built its heap")
	gogc       = flag.Int("gogc", 25, "GOGC; low, so that there are many cycles")
	procs      = flag.Int("procs", runtime.NumCPU(), "GOMAXPROCS")
	gcs        = flag.String("gc", "native,concurrent,marksweep", "collectors; native is the real runtime's")
	verbose    = flag.Bool("v", false, "print the program's output")
)

var trace = regexp.MustCompile(`(?m)^gc \d+ .*?: ([\d.]+)\+([\d.]+)\+([\d.]+) ms clock.* (\d+)->(\d+)->(\d+) MB,`)

func main() {
	flag.Parse()
	tmp, err := os.MkdirTemp("", "terrarium-pauses")
	if err != nil {
		command.Must(err)
	}
	defer os.RemoveAll(tmp)
	terrarium, image, native := filepath.Join(tmp, "terrarium"), filepath.Join(tmp, "program.terra"), filepath.Join(tmp, "program")
	command.Run("..", "go", "build", "-o", terrarium, "./cmd/terrarium")
	command.Run(".", terrarium, "build", "-o", image, "./pauses/program")
	command.Run(".", "go", "build", "-o", native, "./pauses/program")
	fmt.Printf("%d MB, %d goroutines, GOGC=%d, %d processors, %d s, %s, %s/%s\n", *mb, *goroutines, *gogc, *procs, *seconds, time.Now().Format("2006-01-02"), runtime.GOOS, runtime.GOARCH)
	for _, gc := range strings.Split(*gcs, ",") {
		args := []string{fmt.Sprint(*mb), fmt.Sprint(*goroutines), fmt.Sprint(*seconds)}
		c := exec.Command(native, args...)
		if gc == "native" {
			c.Env = append(os.Environ(), "GODEBUG=gctrace=1", fmt.Sprint("GOGC=", *gogc), fmt.Sprint("GOMAXPROCS=", *procs))
		} else {
			c = exec.Command(terrarium, append([]string{"run", "-gc", gc, "-gogc", fmt.Sprint(*gogc), "-procs", fmt.Sprint(*procs), "-debug", "gctrace=1", image}, args...)...)
		}
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Run(); err != nil {
			command.Must(fmt.Errorf("%v: %s", err, stderr.String()))
		}
		if *verbose {
			os.Stderr.Write(stderr.Bytes())
		}
		_, text, _ := strings.Cut(stderr.String(), " goroutines\n") // cycles while the heap is built do not count
		var pauses []float64
		peak := 0.0
		for _, m := range trace.FindAllStringSubmatch(text, -1) {
			first, middle, last := number(m[1]), number(m[2]), number(m[3])
			if gc != "marksweep" {
				pauses = append(pauses, first, last)
			} else {
				pauses = append(pauses, first+middle+last)
			}
			peak = max(peak, number(m[5]))
		}
		fmt.Printf("\n%s: %d pauses, heap %.0f MB at most", gc, len(pauses), peak)
		if i := strings.LastIndex(text, " rounds, "); i > 0 {
			from := strings.LastIndexByte(text[:i], '\n') + 1
			fmt.Printf("; %s", strings.TrimSpace(text[from:]))
		}
		fmt.Println()
		histogram(pauses)
	}
}

// histogram prints counts by powers of two of microseconds, and percentiles.
func histogram(p []float64) {
	if len(p) == 0 {
		return
	}
	slices.Sort(p)
	at := func(q float64) float64 { return p[min(int(q*float64(len(p))), len(p)-1)] }
	fmt.Printf("p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, max %.3f ms\n", at(0.5), at(0.9), at(0.99), p[len(p)-1])
	for low, i := 0.0, 0; i < len(p); {
		high := max(2*low, 0.008)
		n := 0
		for ; i < len(p) && p[i] < high; i++ {
			n++
		}
		if n > 0 {
			fmt.Printf("  below %9.3f ms  %4d  %s\n", high, n, strings.Repeat("#", (n*60+len(p)-1)/len(p)))
		}
		low = high
	}
}

func number(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}
