package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

// verdicts gathers what came of many tests and prints it: a line of progress while they
// run, then the failures, those with the same first line together, then the count.
type verdicts struct {
	verbose bool
	json    bool
	what    string
	total   int // verdicts to come

	mu       sync.Mutex
	all      []judged
	passed   int
	failures []failure
	skipped  []string
	start    time.Time
	shown    time.Time // when the last line of progress was printed
	terminal bool
}

// failure is a test that failed.
type failure struct{ name, text string }

func newVerdicts(verbose, json bool, what string) *verdicts {
	st, err := os.Stderr.Stat()
	return &verdicts{verbose: verbose, json: json, what: what, start: time.Now(), terminal: err == nil && st.Mode()&os.ModeCharDevice != 0}
}

func (v *verdicts) skip(name, why string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.skipped = append(v.skipped, name+": "+why)
	v.line("skip", name, why, 0)
}

// add tells a verdict; text "" is a pass.
func (v *verdicts) add(name, text string, took time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if text == "" {
		v.passed++
		v.line("pass", name, "", took)
	} else {
		v.failures = append(v.failures, failure{name, text})
		v.line("fail", name, text, took)
	}
	if v.terminal && time.Since(v.shown) > 2*time.Second {
		v.shown = time.Now()
		fmt.Fprintf(os.Stderr, "\r%s: %d of %d, %d failed, %ds\x1b[K", v.what, v.passed+len(v.failures), v.total, len(v.failures), int(time.Since(v.start).Seconds()))
	}
}

// judged is one test's.
type judged struct {
	what, name, text string // what: pass, fail, skip
	took             time.Duration
}

func (v *verdicts) line(what, name, text string, took time.Duration) {
	v.all = append(v.all, judged{what, name, text, took})
	switch {
	case v.json:
		b, _ := json.Marshal(map[string]any{"test": name, "verdict": what, "text": text, "ms": took.Milliseconds()})
		fmt.Println(string(b))
	case v.verbose:
		fmt.Printf("%s  %6d ms  %s\n", what, took.Milliseconds(), name)
		if text != "" {
			fmt.Println(indent(text))
		}
	}
}

// end prints the failures and the count, and returns the exit code.
func (v *verdicts) end() int {
	if v.terminal {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	if !v.json {
		groups := map[string][]failure{}
		for _, f := range v.failures {
			groups[groupOf(f.text)] = append(groups[groupOf(f.text)], f)
		}
		var keys []string
		for k := range groups {
			keys = append(keys, k)
		}
		sort.Slice(keys, func(i, j int) bool {
			if a, b := len(groups[keys[i]]), len(groups[keys[j]]); a != b {
				return a > b
			}
			return keys[i] < keys[j]
		})
		for _, k := range keys {
			fmt.Printf("\n%d × %s\n", len(groups[k]), k)
			for _, f := range groups[k] {
				fmt.Printf("  %s\n", f.name)
			}
			fmt.Println(indent(indent(lines(groups[k][0].text, 25))))
		}
		fmt.Println()
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", v.passed, len(v.failures), len(v.skipped))
	if len(v.failures) > 0 {
		return 1
	}
	return 0
}

// junitCase and junitSuite are the parts of a JUnit report that its readers agree on.
type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Time    string     `xml:"time,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

// endJUnit is end, and a JUnit report in file; "" is none.
func (v *verdicts) endJUnit(file string) int {
	code := v.end()
	if err := v.writeJUnit(file); err != nil {
		return misuse(err)
	}
	return code
}

// writeJUnit writes all verdicts as a JUnit report; file "" is none.
func (v *verdicts) writeJUnit(file string) error {
	if file == "" {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	secs := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	suite := junitSuite{Name: "judge " + v.what, Tests: len(v.all), Failures: len(v.failures), Skipped: len(v.skipped), Time: secs(time.Since(v.start))}
	for _, t := range v.all {
		c := junitCase{Name: t.name, Class: v.what, Time: secs(t.took)}
		first, _, _ := strings.Cut(t.text, "\n")
		switch t.what {
		case "fail":
			c.Failure = &junitText{first, t.text}
		case "skip":
			c.Skipped = &junitText{Message: first}
		}
		suite.Cases = append(suite.Cases, c)
	}
	b, err := xml.MarshalIndent(suite, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append([]byte(xml.Header), b...), 0o666)
}

// groupOf is the first line of a failure, without what differs between cases of the same cause.
func groupOf(text string) string {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.HasSuffix(first, ": line 1") || strings.HasPrefix(first, "output") {
		if l, _, _ := strings.Cut(rest, "\n"); l != "" {
			first += " " + l
		}
	}
	if i := strings.Index(first, ".go:"); i >= 0 && strings.HasPrefix(first, "/") {
		if _, msg, ok := strings.Cut(first[i+4:], ": "); ok {
			first = "compile: " + msg
		}
	}
	if len(first) > 160 {
		first = first[:160] + "…"
	}
	return first
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}

// lines is the first n lines of s.
func lines(s string, n int) string {
	all := strings.SplitAfter(s, "\n")
	if len(all) > n {
		return strings.Join(all[:n], "") + fmt.Sprintf("… %d more lines\n", len(all)-n)
	}
	return s
}
