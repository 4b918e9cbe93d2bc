package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/memory"
)

// want is the tour's output up to the figures that depend on the collector.
const want = `sum of 1 … 1000: 500500 
squares: (1 4 9 16 25 36 49 64 81 100) 
sorted: (0 27 142 153 219 264 266 333 436 459 532 613 703 735 752 753 758 806 865 914) 
six queens: 4 
churned: 50050000 
live after it: `

func TestTour(t *testing.T) {
	for _, collector := range []string{"marksweep", "concurrent"} {
		const limit = 8 << 20
		var out strings.Builder
		if err := run(memory.Config{Limit: limit, Collector: collector}, tour, &out); err != nil {
			t.Fatalf("%s, %d bytes: %v after\n%s", collector, limit, err, &out)
		}
		s := out.String()
		rest, ok := strings.CutPrefix(s, want)
		m := regexp.MustCompile(`^(\d+) bytes \nfor ever: out of memory \ndeep: .*\nand on: 5050 \ncollections: (\d+) conses: (\d+) used: (\d+) of (\d+) \n$`).FindStringSubmatch(rest)
		if !ok || m == nil {
			t.Fatalf("%s, %d bytes:\n%s", collector, limit, s)
		}
		var live, collections, conses, used int
		fmt.Sscan(strings.Join(m[1:5], " "), &live, &collections, &conses, &used)
		if live > 20_000 || collections < 10 || conses < 3_000_000 || uint64(used) > limit {
			t.Errorf("%s, %d bytes: %s", collector, limit, m[0])
		}
	}
}

// TestStress collects at every allocation, fills what is freed, and checks the heap each
// time: a value that the evaluator forgot to keep is found at once.
func TestStress(t *testing.T) {
	const program = `
		(define (count n) (if (< 0 n) (cons n (count (- n 1))) '()))
		(define (make) (let ((n 0)) (lambda () (set! n (+ n 1)))))
		(define c (make))
		(c) (c)
		(print (c) (count 5) "text" 'a (try (car 1) (lambda (m) m)) (string-append "x" "y"))`
	for _, flags := range []string{"gcevery=1,poison,check", "poison"} {
		var out strings.Builder
		if err := run(memory.Config{Debug: flags}, program, &out); err != nil {
			t.Fatal(err)
		}
		if s := out.String(); s != "3 (5 4 3 2 1) text a 1 is no pair xy \n" {
			t.Errorf("%s: %q", flags, s)
		}
	}
}

func TestErrors(t *testing.T) {
	for program, want := range map[string]string{
		"(":                          "an expression ends too early or too late",
		")":                          "an expression ends too early or too late",
		`"a`:                         "string without end",
		"(car 5)":                    "5 is no pair",
		"(1 2)":                      "1 is no closure",
		"(+ 1 'a)":                   "1 or a is no number",
		"(cons 1)":                   "cons takes 2 arguments, not 1",
		"((lambda (a) a))":           "() is no pair",
		"(define (f) (+ 1 (f))) (f)": "recursion is too deep",
	} {
		if err := run(memory.Config{}, program, &strings.Builder{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", program, err, want)
		}
	}
}

// TestFailEach lets every allocation of a program fail in turn.
func TestFailEach(t *testing.T) {
	const program = `(define (f l n) (if (< n 5) (f (cons n l) (+ n 1)) l)) (print (try (f '() 0) (lambda (m) m)))`
	caught := 0
	for k := 1; ; k++ {
		var out strings.Builder
		err := run(memory.Config{Debug: fmt.Sprintf("oom=%d,poison", k)}, program, &out)
		switch s := out.String(); {
		case err == nil && s == "out of memory \n":
			caught++
		case err == nil && s == "(4 3 2 1 0) \n":
			if k < 100 || caught < 20 {
				t.Errorf("allocation %d cannot fail; %d errors were caught", k, caught)
			}
			return
		case err == nil || !strings.Contains(err.Error(), "out of memory") || s != "":
			t.Fatalf("allocation %d: %v, %q", k, err, s)
		}
	}
}
