package main

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

type Shape interface {
	Area() float64
	Name() string
}

type Named struct{ name string }

func (n Named) Name() string     { return n.name }
func (n *Named) Rename(s string) { n.name = s }

type Rect struct {
	Named
	w, h float64
}

func (r Rect) Area() float64 { return r.w * r.h }

type Square struct {
	*Rect
	tags []string
}

func (s Square) Name() string { return "square " + s.Rect.Name() }

type Func func(int) int

func (f Func) Twice(x int) int { return f(f(x)) }

type Chain []interface{ Name() string }

func (c Chain) Len() int           { return len(c) }
func (c Chain) Less(i, j int) bool { return c[i].Name() < c[j].Name() }
func (c Chain) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }

type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

type errT struct{ code int }

func (e *errT) Error() string        { return fmt.Sprint("e", e.code) }
func (e *errT) Is(target error) bool { return target == io.EOF && e.code == 1 }

func mayFail(code int) error {
	if code == 0 {
		return nil
	}
	return &errT{code}
}

func main() {
	r := &Rect{Named{"r"}, 2, 3}
	s := Square{r, nil}
	shapes := []Shape{r, *r, s, &s}
	for _, sh := range shapes {
		fmt.Printf("%T %s %g\n", sh, sh.Name(), sh.Area())
	}
	s.Rename("q")
	rename := s.Rename
	area := (*Rect).Area
	name := Shape.Name
	bound := shapes[0].Area
	r.w = 10
	rename("z")
	fmt.Println(area(r), name(s), bound(), r.Name(), Named.Name(Named{"m"}))
	inc := Func(func(i int) int { return i + 1 })
	twice := inc.Twice
	fmt.Println(twice(5), Func.Twice(inc, 1))
	c := Chain{r, Named{"b"}, s, Named{"a"}}
	sort.Sort(sort.Reverse(c))
	for _, x := range c {
		fmt.Print(x.Name(), " ")
	}
	fmt.Println()
	cr := &counter{Reader: strings.NewReader("hello, world")}
	all, err := io.ReadAll(io.LimitReader(cr, 5))
	fmt.Println(string(all), err, cr.n)
	for code := range 3 {
		err := mayFail(code)
		var e *errT
		fmt.Println(err == nil, errors.Is(err, io.EOF), errors.As(err, &e), err)
	}
	var sh Shape
	switch x := any(s).(type) {
	case interface{ Missing() }:
		fmt.Println("no")
	case Shape:
		sh = x
	}
	_, isRect := sh.(*Rect)
	fmt.Println(isRect, sh != nil)
	var np *Named
	defer func() { fmt.Println("recovered:", recover()) }()
	fmt.Println(np.Name())
}
