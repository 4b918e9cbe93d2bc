package main

import (
	"bytes"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/explain"
	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// What both compilers say of whole packages
//
// A message becomes a fact, the part of it that is compared, or is left out. The facts of the real compiler
// and ours are sets; a fact of one side only is a difference.

// comparison is what of whole packages is compared, and how the real compiler is asked.
type comparison struct {
	flags    string                        // of the real compiler
	env      []string                      // of the go command
	noInline bool                          // ours without inlining
	level    int                           // of -m
	fact     func(pos, text string) string // what is compared of a message at file:line:column, "" for nothing
	theirs   func(fact string) bool        // whether a fact of the real compiler counts; nil: all do
}

// placed are the decisions on allocation sites and parameters, without inlining. Both sides compile for the target of the
// guest, whose packages have the same files.
var placed = comparison{
	flags: "-m -l", env: []string{"GOOS=wasip1", "GOARCH=wasm"}, noInline: true, level: 1,
	fact: func(pos, text string) string {
		if v := verdict(text); v != "" {
			return pos + ": " + v
		}
		return ""
	},
}

// inlined are the messages of a build without flags: what can be inlined, what is, what is made direct, and where the values live then.
// The real compiler works for amd64, whose intrinsics the cost model knows.
var inlined = comparison{
	flags: "-m", env: []string{"GOOS=linux", "GOARCH=amd64"}, level: 1,
	fact: func(pos, text string) string { return pos + ": " + text },
}

// costs are what functions cost and which calls are inlined.
var costs = comparison{
	flags: "-m=2", env: []string{"GOARCH=amd64"}, level: 2,
	fact:   inlineFact,
	theirs: func(fact string) bool { return !strings.Contains(fact, "[go.shape") },
}

// packages compares each package and prints how far the facts agree.
func (c *comparison) packages(pkgs []string, verbose bool) int {
	var all, agree int
	list, err := c.list(pkgs)
	if err != nil {
		return misuse(err)
	}
	for _, l := range list {
		pkg := l.path
		n, same, diff, err := c.pkg(l)
		if err != nil {
			fmt.Printf("skip %s: %v\n", pkg, firstLine(err.Error()))
			continue
		}
		all += n
		agree += same
		fmt.Printf("%s: %d of %d agree (%.1f %%)\n", pkg, same, n, 100*float64(same)/float64(max(n, 1)))
		if verbose {
			for _, d := range diff {
				fmt.Println("    " + d)
			}
		}
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", agree, all-agree)
	if agree < all {
		return 1
	}
	return 0
}

// pkg compares one package: the number of facts of both sides together, of those that are the same, and the differences in the order of
// the source.
func (c *comparison) pkg(l listed) (all, same int, diff []string, err error) {
	theirs, err := c.compiler(l)
	if err != nil {
		return 0, 0, nil, err
	}
	found, fset, err := analyse(explain.Options{NoInline: c.noInline, Level: c.level}, l.path)
	if err != nil {
		return 0, 0, nil, err
	}
	ours := map[string]string{}
	for _, f := range found {
		p := fset.Position(f.Pos)
		if s := c.fact(fmt.Sprintf("%s:%d:%d", filepath.Base(p.Filename), p.Line, p.Column), f.Text); s != "" {
			ours[s] = f.Text
		}
	}
	for f, text := range theirs {
		if c.theirs != nil && !c.theirs(f) {
			continue
		}
		all++
		if _, ok := ours[f]; ok {
			same++
		} else {
			diff = append(diff, f+"   (compiler only: "+text+")")
		}
	}
	for f, text := range ours {
		if _, ok := theirs[f]; !ok {
			all++
			diff = append(diff, f+"   (ours only: "+text+")")
		}
	}
	sort.Slice(diff, func(i, j int) bool { return inSource(diff[i], diff[j]) })
	return all, same, diff, nil
}

// inSource orders differences by position where they begin with one.
func inSource(a, b string) bool {
	key := func(s string) string {
		m := factPlace.FindStringSubmatch(s)
		if m == nil {
			_, s, _ = strings.Cut(s, " ")
			return s
		}
		return fmt.Sprintf("%s:%6s:%4s", m[1], m[2], m[3])
	}
	if x, y := key(a), key(b); x != y {
		return x < y
	}
	return a < b
}

var factPlace = regexp.MustCompile(`^(?:call )?(\S+\.go):(\d+):(\d+)`)

// listed is a package to compare.
type listed struct{ path, dir string }

// list asks the go command for the packages that the patterns name, seen from the folder where the judge runs.
func (c *comparison) list(patterns []string) (out []listed, err error) {
	cmd := exec.Command("go", append([]string{"list", "-f", "{{.ImportPath}}\t{{.Dir}}", "--"}, patterns...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), c.env...), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		out = append(out, listed{path, dir})
	}
	return out, nil
}

// compiler returns the facts of the real compiler, with their messages.
func (c *comparison) compiler(l listed) (map[string]string, error) {
	cmd := exec.Command("go", "build", "-gcflags="+l.path+"="+c.flags, l.path)
	cmd.Env = append(os.Environ(), c.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s", firstLine(string(out)))
	}
	facts := map[string]string{}
	for _, line := range bytes.Split(out, []byte("\n")) {
		m := compilerLine.FindStringSubmatch(string(line))
		if m == nil {
			continue
		}
		// What the go command has in its cache names files as seen from where it ran then.
		dir := filepath.ToSlash(filepath.Dir(m[1]))
		if at := "/" + strings.TrimLeft(dir, "./"); dir != "." && !strings.HasSuffix(filepath.ToSlash(l.dir), at) {
			continue // an instance of another package's generic function
		}
		if f := c.fact(filepath.Base(m[1])+":"+m[2]+":"+m[3], m[4]); f != "" {
			facts[f] = m[4]
		}
	}
	return facts, nil
}

var compilerLine = regexp.MustCompile(`^(.*\.go):(\d+):(\d+): (.*)$`)

// verdict reduces a message about an allocation site or a parameter to what is compared; others become "".
func verdict(s string) string {
	switch {
	case strings.HasPrefix(s, "moved to heap"), strings.HasPrefix(s, "leaking param"):
		return s
	case strings.HasSuffix(s, "escapes to heap"):
		return "escapes"
	case strings.HasSuffix(s, "does not escape"):
		return "stays"
	}
	return ""
}

var (
	canCost = regexp.MustCompile(`^can inline (\S+) with cost (\d+) as:`)
	cannot  = regexp.MustCompile(`^cannot inline (\S+): (.*)$`)
	callOf  = regexp.MustCompile(`^inlining call to (\S+)`)
)

// inlineFact reduces a message about inlining: functions have no position, calls have one.
func inlineFact(pos, text string) string {
	switch {
	case strings.Contains(text, "[...]"):
	case canCost.MatchString(text):
		m := canCost.FindStringSubmatch(text)
		return "can " + m[1] + " " + m[2]
	case cannot.MatchString(text):
		m := cannot.FindStringSubmatch(text)
		reason := m[2]
		if strings.HasPrefix(reason, "function too complex") {
			reason = "too complex"
		}
		return "cannot " + m[1] + " " + reason
	case callOf.MatchString(text):
		return "call " + pos + " " + callOf.FindStringSubmatch(text)[1]
	}
	return ""
}

// analyse returns the findings for the files or the package named.
func analyse(o explain.Options, names ...string) (out []escape.Finding, fset *token.FileSet, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	l, err := load.Load(&load.Config{Library: true, Unlinked: true}, names...)
	if err != nil {
		return nil, nil, err
	}
	return explain.Package(tree.NewProgram(l), l.Roots[0].LinkPath, o), l.Fset, nil
}
