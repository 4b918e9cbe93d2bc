package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/terrarium-go/terrarium"
)

// Events
//
// Test -json turns the output of a test program into events, one JSON object a line, as cmd/test2json has
// them. The program runs with -test.v=test2json and then begins each framing line with the byte ^V:
//
//	^V=== RUN   TestX          {"Action":"run","Test":"TestX"} and the line as output
//	    x_test.go:7: text      {"Action":"output","Test":"TestX","Output":"    x_test.go:7: text\n"}
//	^V--- PASS: TestX (0.00s)  the line as output; {"Action":"pass","Test":"TestX","Elapsed":0} follows when
//	                           the lines of its subtests, which are indented deeper, have gone by
//	PASS                       all that is pending; then the package's own output
//
// Verdicts therefore wait on a stack whose depth is the indentation of their lines. Once a marker was
// seen, unmarked lines are text, whatever they look like.

// event is one line of the stream.
type event struct {
	Time        *time.Time `json:",omitempty"`
	ImportPath  string     `json:",omitempty"` // of build events
	Action      string
	Package     string   `json:",omitempty"`
	Test        string   `json:",omitempty"`
	Elapsed     *float64 `json:",omitempty"` // seconds
	Output      *string  `json:",omitempty"`
	FailedBuild string   `json:",omitempty"`
	Key         string   `json:",omitempty"`
	Value       string   `json:",omitempty"`
	Path        string   `json:",omitempty"`
}

// converter is a writer that takes the output of a test program.
type converter struct {
	w           io.Writer
	pkg         string
	start       time.Time
	test        string   // whose output the next lines are
	pending     []*event // verdicts, the outermost first
	verdict     string   // of the package, as far as it is known
	marked      bool     // framing lines begin with marker
	line        []byte   // the beginning of a line
	torn        bool     // part of the current line was passed on already
	failedBuild string
}

const (
	marker   = 0x16
	longLine = 4096 // bytes; no framing line is longer
	maxEvent = 1024 // bytes of output in one event, unless it is a whole line that came at once
)

var (
	announcements = []string{"=== RUN   ", "=== PAUSE ", "=== CONT  ", "=== NAME  ", "=== PASS  ", "=== FAIL  ", "=== SKIP  ", "=== ATTR  ", "=== ARTIFACTS "}
	verdicts      = []string{"--- PASS: ", "--- FAIL: ", "--- SKIP: ", "--- BENCH: "}
)

func newConverter(w io.Writer, pkg string) *converter {
	c := &converter{w: w, pkg: pkg, start: time.Now()}
	c.emit(&event{Action: "start"})
	return c
}

func (c *converter) emit(e *event) {
	now := time.Now()
	e.Time, e.Package = &now, c.pkg
	if e.Test == "" {
		e.Test = c.test
	}
	writeEvent(c.w, e)
}

func writeEvent(w io.Writer, e *event) {
	text, err := json.Marshal(e)
	if err != nil {
		text = fmt.Appendf(nil, `{"Action":"output","Output":%q}`, "BUG: "+err.Error())
	}
	w.Write(append(text, '\n'))
}

// output passes text on, in pieces that end between characters.
func (c *converter) output(text string) {
	for len(text) > 0 {
		n := len(text)
		if n > maxEvent {
			for n = maxEvent; n > maxEvent-utf8.UTFMax && !utf8.RuneStart(text[n]); n-- {
			}
		}
		part := text[:n]
		c.emit(&event{Action: "output", Output: &part})
		text = text[n:]
	}
}

// Write takes output of the test program.
func (c *converter) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		// A line ends behind a newline, and before a marker.
		n, whole := bytes.IndexByte(b, '\n')+1, true
		if n == 0 {
			n, whole = len(b), false
		}
		from := 0
		if len(c.line) == 0 && !c.torn {
			from = 1
		}
		if m := bytes.IndexByte(b[min(from, n):n], marker); m >= 0 {
			n, whole = min(from, n)+m, true
		}
		c.line = append(c.line, b[:n]...)
		b = b[n:]
		if whole {
			c.flush(true)
		} else if len(c.line) >= longLine || c.benchmark() {
			c.flush(false)
		}
	}
	return total, nil
}

// benchmark reports whether the name of a benchmark is all there is of a line: it is passed on before the figures come.
func (c *converter) benchmark() bool {
	name, ok := bytes.CutPrefix(c.line, []byte("Benchmark"))
	if !ok || !bytes.Contains(name, []byte("\t")) {
		return false
	}
	r, _ := utf8.DecodeRune(name)
	return !unicode.IsLower(r)
}

// flush handles the line, or the beginning of one.
func (c *converter) flush(whole bool) {
	if len(c.line) == 0 {
		c.torn = c.torn && !whole
		return
	}
	line := string(c.line)
	c.line = c.line[:0]
	if whole && !c.torn {
		c.whole(line)
	} else {
		c.output(line)
	}
	c.torn = !whole
}

// whole handles a line that came in one piece.
func (c *converter) whole(line string) {
	marked := line[0] == marker
	if c.marked && !marked {
		c.output(line)
		return
	}
	if marked {
		line = line[1:]
	}
	text := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if text == "=== NAME" { // trailing spaces may have been lost
		line, text = "=== NAME  \n", "=== NAME  "
	}
	if text == "PASS" || text == "FAIL" || strings.HasPrefix(text, "FAIL\t") {
		c.settle(0)
		c.marked = marked
		c.output(line)
		c.verdict = "fail"
		if text == "PASS" {
			c.verdict = "pass"
		}
		return
	}
	if strings.HasPrefix(text, "?   \t") && strings.HasSuffix(text, "\t[no test files]") && len(c.pending) == 0 {
		c.verdict = "skip"
	}
	begins := func(prefixes []string, s string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
	}
	inner := strings.TrimLeft(text, " ")
	depth := (len(text) - len(inner)) / 4
	inner = text[4*depth:]
	switch {
	case begins(announcements, text):
		c.announce(line, text[len("=== "):], marked)
	case begins(verdicts, inner) && depth <= len(c.pending):
		c.judge(line, inner[len("--- "):], depth, marked)
	default:
		if !begins(verdicts, inner) && depth > 0 && depth <= len(c.pending) { // log lines of a test follow its verdict
			c.test = c.pending[depth-1].Test
		}
		c.output(line)
	}
}

// announce handles "RUN   TestX" and its like.
func (c *converter) announce(line, text string, marked bool) {
	what, name, _ := strings.Cut(text, " ")
	name = strings.TrimSpace(name)
	e := &event{Action: strings.ToLower(what)}
	switch what {
	case "ATTR":
		name, e.Key, _ = strings.Cut(name, " ")
		e.Key, e.Value, _ = strings.Cut(e.Key, " ")
	case "ARTIFACTS":
		name, e.Path, _ = strings.Cut(name, " ")
	}
	c.marked = marked
	c.settle(0)
	c.test = name
	switch what {
	case "NAME": // says only whose output follows
	case "PAUSE":
		c.output(line)
		c.emit(e)
	default:
		c.emit(e)
		c.output(line)
	}
}

// judge handles "PASS: TestX (0.01s)".
func (c *converter) judge(line, text string, depth int, marked bool) {
	what, name, _ := strings.Cut(text, ": ")
	e := &event{Action: strings.ToLower(what), Test: strings.TrimSpace(name)}
	if name, took, ok := strings.Cut(e.Test, " ("); ok {
		if took, ok := strings.CutSuffix(took, "s)"); ok {
			if s, err := strconv.ParseFloat(took, 64); err == nil {
				e.Elapsed = &s
			}
		}
		e.Test = name
	}
	c.marked = marked
	c.settle(depth)
	c.test = e.Test
	c.pending = append(c.pending, e)
	c.output(line)
}

// settle emits the verdicts that are pending at a depth or deeper.
func (c *converter) settle(depth int) {
	c.test = ""
	for n := len(c.pending); n > depth; n-- {
		c.emit(c.pending[n-1])
		c.pending = c.pending[:n-1]
	}
}

// close ends the stream with the verdict about the package.
func (c *converter) close(ok bool) {
	c.flush(false)
	switch {
	case !ok:
		c.verdict = "fail"
	case c.verdict != "skip":
		c.verdict = "pass"
	}
	took := time.Since(c.start).Round(time.Millisecond).Seconds()
	e := &event{Action: c.verdict, Elapsed: &took}
	if !ok {
		e.FailedBuild = c.failedBuild
	}
	c.emit(e)
}

// buildEvents are the events of a package that does not compile: for each package that the report is about its lines,
// then that it has failed.
func buildEvents(w io.Writer, path string, err error) {
	name := ""
	end := func() {
		if name != "" {
			writeEvent(w, &event{ImportPath: name, Action: "build-fail"})
		}
	}
	for line := range strings.Lines(buildReport(path, err)) {
		if head, ok := strings.CutPrefix(line, "# "); name == "" || ok && !strings.HasPrefix(head, "[") && !setupFailed(err) {
			end()
			name = builtName(path, strings.TrimSpace(head), err)
		}
		writeEvent(w, &event{ImportPath: name, Action: "build-output", Output: &line})
	}
	end()
}

// builtName names in events what a report has below a head.
func builtName(path, head string, err error) string {
	var vet *vetError
	switch {
	case errors.As(err, &vet):
		return head + " [" + path + ".test]"
	case setupFailed(err):
		return failedBuild(path, err)
	}
	return head
}

// failedBuild names what failed.
func failedBuild(path string, err error) string {
	var vet *vetError
	if errors.As(err, &vet) {
		last := vet.report[strings.LastIndex("\n"+vet.report, "\n# [")+len("# ["):]
		last, _, _ = strings.Cut(last, "]")
		return builtName(path, last, err)
	}
	if pkg := terrarium.FailedPackage(err); pkg != "" {
		return pkg
	}
	return path
}
