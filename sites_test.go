package terrarium

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sitesProgram = `package main

import "strconv"

type T struct{ a, b, c int }

var kept []*T
var last any
var word string

func made() *T { return &T{} }

func main() {
	for i := range 1000 {
		kept = append(kept, made())
		last = &T{a: i}; word = strconv.Itoa(i + 1000)
	}
	small := 0
	for range 10 {
		p := new(int16)
		last = p
		small += int(*p)
	}
}
`

// TestSites holds the counts of a program whose allocations are known: by line and column, direct and through std.
func TestSites(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(sitesProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := Compile(context.Background(), Options{Args: []string{"x.go"}, Dir: dir, Columns: true})
	if err != nil {
		t.Fatal(err)
	}
	own := func(f string) bool { return strings.HasPrefix(f, "main.") }
	res, err := p.Run(context.Background(), Config{Procs: 1, Stderr: os.Stderr, Sites: own})
	if err != nil || res.ExitCode != 0 {
		t.Fatalf("%v, exit %d %s", err, res.ExitCode, res.Text)
	}
	type key struct{ line, col int }
	total := map[key]Site{}
	through := map[int]uint64{} // objects by line that a callee outside of main has made
	objects := res.Lost
	for _, s := range res.Sites {
		objects += s.Objects
		if s.Freed < s.Young || s.Objects < s.Freed {
			t.Errorf("%v: %d allocated, %d freed, %d of them young", s.Stack, s.Objects, s.Freed, s.Young)
		}
		if len(s.Stack) == 0 {
			continue
		}
		out, direct := s.Stack[0], true
		for i, f := range s.Stack {
			if own(f.Func) {
				out, direct = f, i == 0
				break
			}
		}
		if filepath.Base(out.File) != "x.go" {
			continue
		}
		if direct {
			k := key{out.Line, out.Col}
			x := total[k]
			x.Objects += s.Objects
			x.Bytes += s.Bytes
			x.Young += s.Young
			total[k] = x
		} else {
			through[out.Line] += s.Objects
		}
	}
	if objects != res.Stats.Mallocs {
		t.Errorf("sites have %d objects, the machine %d", objects, res.Stats.Mallocs)
	}
	for _, want := range []struct {
		what            string
		key             key
		n, bytes, young uint64
	}{
		{"&T{} that stays alive", key{11, 25}, 1000, 24000, 0},
		{"&T{a: i} that the next round replaces", key{16, 10}, 1000, 24000, 1000},
		{"new(int16), one slot each", key{20, 11}, 10, 160, 9},
	} {
		s := total[want.key]
		if s.Objects != want.n || s.Bytes != want.bytes || s.Young != want.young {
			t.Errorf("%s: %d objects of %d bytes, %d died young; want %d, %d, %d", want.what, s.Objects, s.Bytes, s.Young, want.n, want.bytes, want.young)
		}
	}
	if through[16] != 1000 {
		t.Errorf("strconv.Itoa made %d objects for line 16, want 1000", through[16])
	}
	if t.Failed() {
		for k, s := range total {
			t.Logf("%v: %d objects, %d bytes, %d young", k, s.Objects, s.Bytes, s.Young)
		}
	}
}
