package vmtest

import (
	"fmt"
	"regexp"
	"strings"
)

// FirstDifference shows the first line in which two texts differ, with the line before.
func FirstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(w) || i < len(g); i++ {
		wl, gl := "(end)", "(end)"
		if i < len(w) {
			wl = w[i]
		}
		if i < len(g) {
			gl = g[i]
		}
		if wl != gl || (i < len(w)) != (i < len(g)) {
			before := ""
			if i > 0 {
				before = "\n  after " + clip(w[i-1])
			}
			return fmt.Sprintf("line %d\n  want  %s\n  got   %s%s", i+1, clip(wl), clip(gl), before)
		}
	}
	return ""
}

// clip shortens a line for display.
func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + fmt.Sprintf("… (%d bytes)", len(s))
	}
	return s
}

var (
	goroutineLine = regexp.MustCompile(`^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[(.*)\]:$`)
	longWait      = regexp.MustCompile(`, \d+ minutes`)
	hexNumber     = regexp.MustCompile(`0x[0-9a-f]+`)
)

// PanicText reduces what a program that died has written to standard error to the part
// that two implementations agree on:
//
//	panic: …                     the message, up to the blank line, without signal numbers
//	goroutine [running]:         the state of the first goroutine
//	main.f                       its functions, without arguments
//
// Functions whose names begin with runtime_ have no body, and no frame on the
// machine: they are left out. Text in front of the message is dropped, addresses are replaced.
func PanicText(stderr string) string {
	lines := strings.Split(stderr, "\n")
	start := -1
	for i, l := range lines {
		if strings.HasPrefix(l, "panic: ") || strings.HasPrefix(l, "fatal error: ") {
			start = i
			break
		}
	}
	if start < 0 {
		return ""
	}
	var out []string
	i := start
	for ; i < len(lines) && lines[i] != ""; i++ {
		l := lines[i]
		if strings.HasPrefix(l, "[signal ") {
			continue
		}
		if goroutineLine.MatchString(l) {
			break
		}
		out = append(out, hexNumber.ReplaceAllString(l, "0x…"))
	}
	for ; i < len(lines); i++ {
		m := goroutineLine.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		out = append(out, "goroutine ["+longWait.ReplaceAllString(m[1], "")+"]:")
		for i++; i+1 < len(lines) && lines[i] != ""; i++ {
			if strings.HasPrefix(lines[i+1], "\t") && !strings.HasPrefix(lines[i], "\t") && !strings.HasPrefix(lines[i], "created by ") {
				if f := frameName(lines[i]); !strings.HasPrefix(f[strings.LastIndexByte(f, '.')+1:], "runtime_") {
					out = append(out, f)
				}
			} else if strings.HasPrefix(lines[i], "...") {
				out = append(out, "...")
				break
			}
		}
		break
	}
	return strings.Join(out, "\n")
}

// frameName is the function of a traceback line: the last parenthesis are its arguments.
func frameName(l string) string {
	if i := strings.LastIndexByte(l, '('); i > 0 && strings.HasSuffix(l, ")") {
		// Arguments may hold no parentheses, but the name may: main.(*T).f
		return strings.TrimSpace(l[:i])
	}
	return l
}
