package tree

import (
	"fmt"
	"strings"
	"testing"
)

// text prints a Datum for tests: offset:contents of each part.
func (d *Datum) text() string {
	if d == nil {
		return "code"
	}
	var out []string
	for _, p := range d.Parts {
		var s string
		switch p.Kind {
		case PartConst, PartBytes:
			s = p.Val.ExactString()
		case PartAddr:
			if p.Var != nil {
				s = fmt.Sprintf("&%s+%d", p.Var.Name, p.Add)
			} else {
				s = "&" + p.Datum.text()
			}
		case PartFunc:
			s = "func " + p.Func.Name
		case PartType:
			s = "type " + p.Dyn.String()
		}
		out = append(out, fmt.Sprintf("%d:%s", p.Off, s))
	}
	return "{" + strings.Join(out, " ") + "}"
}

func TestStaticInit(t *testing.T) {
	p := loadSource(t, `package main

import "unsafe"

type T struct { a int8; b *int; s string }
type I interface { M() }
func (T) M() {}
type P *int
func f() {}
func g() int { return 1 }

var x int
var arr [8]T

var (
	v0 = 7                       // {0:7}
	v1 = "a"                     // {0:"a"}
	v2 = T{1, &x, "b"}           // {0:1 8:&x+0 16:"b"}
	v3 = &T{a: 2}                // {0:&{0:2}}
	v4 = []int16{3: 5, 1: 6}     // {0:&{2:6 6:5} 8:4 16:4}
	v5 = [...]func(){1: f, 2: func() {}} // {8:func main.f 16:func main.init.func1}
	v6 any = 9                   // {0:type int 8:&{0:9}}
	v7 I = T{s: "q"}             // {0:type main.T 8:&{16:"q"}}
	v8 any = &x                  // {0:type *int 8:&x+0}
	v9 = &arr[2].s               // {0:&arr+80}
	va = arr[2:5]                // {0:&arr+64 8:3 16:6}
	vb = []byte("hi")            // {0:&{0:"hi"} 8:2 16:2}
	vc = unsafe.Pointer(&x)      // {0:&x+0}
	vd = P(&x)                   // {0:&x+0}
	ve = [][]string{{"a"}, nil}  // {0:&{0:&{0:"a"} 8:1 16:1} 8:2 16:2}
	vf = new(T)                  // code
	vg = []error{}               // {0:&{}}
	vh = g()                     // code
	vi = map[int]int{}           // code
	vj = v0                      // code
	vk = struct{ a any; b float64 }{nil, 1.5} // {16:3/2}
	vl = 2i                      // {0:(0 + 2i)}
	vm = make(chan int)          // code
	vn = struct{ a, _, c int }{1, 2, 3} // {0:1 16:3}
)

func main() {}
`)
	src := map[int]string{}
	pkg := p.load.Main
	for _, in := range p.Inits() {
		if in.Path != pkg.Path {
			continue
		}
		for _, v := range in.Vars {
			p.Build(v.F)
			line := p.Fset.Position(v.Lhs[0].Pos).Line
			src[line] = v.Lhs[0].Name + " " + p.StaticInit(v.Rhs).text()
		}
	}
	for _, g := range pkg.Files[0].Comments {
		line := p.Fset.Position(g.Pos()).Line
		want := strings.TrimSpace(g.Text())
		if name, got, _ := strings.Cut(src[line], " "); got != want {
			t.Errorf("line %d: %s: got %s, want %s", line, name, got, want)
		}
	}
}
