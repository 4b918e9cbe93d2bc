package tree

import (
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/terrarium-go/terrarium/internal/load"
)

var update = flag.Bool("update", false, "rewrite the expected texts")

// TestFull compares the printed full form of everything in testdata/full/*.go with the .txt file beside it.
func TestFull(t *testing.T) {
	files, err := filepath.Glob("testdata/full/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := printAll(t, file)
			want, _ := os.ReadFile(strings.TrimSuffix(file, ".go") + ".txt")
			if *update {
				if err := os.WriteFile(strings.TrimSuffix(file, ".go")+".txt", []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the printed form changed (go test -update rewrites it); first difference:\n%s", firstDiff(got, string(want)))
			}
		})
	}
}

// printAll prints every function that the main package and its instances make, by symbol.
func printAll(t *testing.T, file string) string {
	l, err := load.Load(&load.Config{}, file)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProgram(l)
	r := newReach(t, p)
	for _, f := range declared(p, l.Main) {
		r.add(f)
	}
	for _, pi := range p.Inits() {
		if pi.Path == l.Main.Path {
			for _, i := range pi.Vars {
				r.add(i.F)
			}
		}
	}
	r.run()
	var list []*Func
	for f := range r.seen {
		if f.Pkg == "main" && f.Sym != "main.main" || strings.HasPrefix(f.Sym, "main.") {
			list = append(list, f)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Sym < list[j].Sym })
	var sb strings.Builder
	for _, f := range list {
		sb.WriteString(p.Print(f))
		sb.WriteByte('\n')
	}
	return sb.String()
}

func firstDiff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return "got:  " + g[i] + "\nwant: " + strings.Join(w[min(i, len(w)):min(i+1, len(w))], "")
		}
	}
	return "the text is shorter"
}
