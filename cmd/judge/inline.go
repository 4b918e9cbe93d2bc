package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
)

// What inlining decides, against the real compiler: for every function of a package, whether it can be inlined and
// what its body costs, and every call that is inlined.

var (
	canCost = regexp.MustCompile(`^can inline (\S+) with cost (\d+) as:`)
	cannot  = regexp.MustCompile(`^cannot inline (\S+): (.*)$`)
	callOf  = regexp.MustCompile(`^inlining call to (\S+)`)
)

// inlineFact is a message reduced to what is compared: function facts without the position, calls with it.
func inlineFact(pos, text string) string {
	switch {
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

// inlinePackages compares with what go build -gcflags=-m=2 prints for packages.
func inlinePackages(pkgs []string, verbose bool) int {
	var all, agree int
	for _, pkg := range pkgs {
		cmd := exec.Command("go", "build", "-gcflags="+pkg+"=-m=2", pkg)
		cmd.Env = append(os.Environ(), "GOARCH=amd64") // whose intrinsics the cost model knows
		out, err := cmd.CombinedOutput()
		if err != nil {
			fmt.Printf("skip %s: %v\n", pkg, firstLine(string(out)))
			continue
		}
		theirs, ours := map[string]string{}, map[string]string{}
		for _, line := range bytes.Split(out, []byte("\n")) {
			m := compilerLine.FindStringSubmatch(string(line))
			if m == nil || !strings.HasSuffix(filepath.ToSlash(filepath.Dir(m[1])), "src/"+pkg) {
				continue
			}
			if f := inlineFact(filepath.Base(m[1])+":"+m[2]+":"+m[3], m[4]); f != "" && !strings.Contains(f, "[go.shape") && !strings.Contains(f, "[...]") {
				theirs[f] = m[4]
			}
		}
		found, fset, err := analyse(escape.Options{}, false, 2, pkg)
		if err != nil {
			fmt.Printf("skip %s: %v\n", pkg, firstLine(err.Error()))
			continue
		}
		for _, f := range found {
			p := fset.Position(f.Pos)
			if s := inlineFact(fmt.Sprintf("%s:%d:%d", filepath.Base(p.Filename), p.Line, p.Column), f.Text); s != "" && !strings.Contains(s, "[...]") {
				ours[s] = f.Text
			}
		}
		n, same := 0, 0
		var diff []string
		for k, text := range theirs {
			n++
			if _, ok := ours[k]; ok {
				same++
			} else {
				diff = append(diff, k+"   (compiler: "+text+")")
			}
		}
		for k := range ours {
			if _, ok := theirs[k]; !ok {
				n++
				diff = append(diff, k+"   (ours only)")
			}
		}
		all += n
		agree += same
		fmt.Printf("%s: %d of %d facts agree (%.1f %%)\n", pkg, same, n, 100*float64(same)/float64(max(n, 1)))
		if verbose {
			sort.Slice(diff, func(i, j int) bool {
				key := func(s string) string { _, s, _ = strings.Cut(s, " "); return s }
				return key(diff[i]) < key(diff[j])
			})
			for _, d := range diff {
				if len(d) > 200 {
					d = d[:200]
				}
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
