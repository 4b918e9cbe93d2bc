// Strings, buffers, closures and chains of locals that are kept, or used and not kept, beside recursion that overwrites what was in frames.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

type T struct {
	a, b int
	next *T
}

//go:noinline
func deep(n int) int {
	var a [64]int
	for i := range a {
		a[i] = n + i
	}
	if n > 0 {
		return deep(n-1) + a[n]
	}
	runtime.GC()
	return a[3]
}

// mutually recursive functions in one batch
//
//go:noinline
func even(n int, p **int) *int {
	x := n
	if n == 0 {
		*p = &x
		return &x
	}
	return odd(n-1, p)
}

//go:noinline
func odd(n int, p **int) *int {
	y := n * 2
	if n == 1 {
		*p = &y
	}
	return even(n-1, p)
}

// variadic
func keep(xs ...*int) []*int  { return xs }
func keepAny(xs ...any) []any { return xs }
func first(xs ...*int) *int   { return xs[0] }

//go:noinline
func variadic(n int) ([]*int, []any, *int) {
	x, y := n, n+1
	return keep(&x, &y), keepAny(x, &y, "s"+strconv.Itoa(n)), first(&x, &y)
}

// strings made of bytes
//
//go:noinline
func stringsOf(n int) (map[string]int, []string, string) {
	b := []byte{'k', byte('0' + n)}
	m := map[string]int{}
	m[string(b)] = n
	m[string(b)]++
	s := string(b)
	t := string(b) + "x"
	b[0] = 'z'
	if string(b) == "z"+strconv.Itoa(n) {
		s += "!"
	}
	switch string(b) {
	case s:
		t = "bad"
	}
	r := []rune(s)
	r[0] = 'é'
	var sb []string
	for i, c := range []byte(s) {
		sb = append(sb, string(c)+strconv.Itoa(i))
	}
	return m, append(sb, t, string(r)), string(b)
}

//go:noinline
func zeroCopy(s string) []byte {
	b := []byte(s)
	return b
}

//go:noinline
func zeroCopyMutated(s string) (string, byte) {
	b := []byte(s)
	b[0]++
	return s, b[0]
}

func mutate(b []byte) { b[0] = '#' }

//go:noinline
func zeroCopyCall(s string) string {
	b := []byte(s)
	mutate(b)
	return s + string(b)
}

//go:noinline
func zeroCopyClosure(s string) string {
	b := []byte(s)
	f := func() { b[0] = '#' }
	f()
	return s + string(b)
}

//go:noinline
func zeroCopyClear(s string) string {
	b := []byte(s)
	clear(b)
	c := []byte(s)
	copy(c, "QQ")
	d := []byte(s)
	d = append(d[:0], 'P')
	return s + strconv.Itoa(int(b[0])) + string(c) + string(d)
}

type byter struct{ b []byte }

func (x *byter) set() { x.b[0] = '#' }

//go:noinline
func zeroCopyMethod(s string) string {
	x := byter{[]byte(s)}
	x.set()
	f := x.set
	f()
	return s + string(x.b)
}

// closures kept in structs, maps and slices
type ops struct {
	inc func() int
	get func() *int
	all map[string]func() int
}

//go:noinline
func mkops(n int) *ops {
	c := n
	o := &ops{all: map[string]func() int{}}
	o.inc = func() int { c++; return c }
	o.get = func() *int { return &c }
	for i, k := range []string{"a", "b"} {
		o.all[k] = func() int { c += i; return c }
	}
	return o
}

// nested closures by reference and by value
//
//go:noinline
func nested(n int) func() func() int {
	x := n
	return func() func() int {
		y := x * 10
		return func() int { x++; y++; return x*100 + y }
	}
}

// results
//
//go:noinline
func resultAddr(n int) (r int, p *int) {
	r = n
	p = &r
	r++
	return r, p
}

//go:noinline
func resultClosure(n int) (r int, f func() int) {
	f = func() int { r++; return r }
	r = n
	return r, f
}

// loops
//
//go:noinline
func loopvars(n int) (fs []func() int, ps []*int) {
	for i := 0; i < n; i++ {
		fs = append(fs, func() int { i += 10; return i })
		ps = append(ps, &i)
	}
outer:
	for i := range n {
		for j := range n {
			x := i*10 + j
			ps = append(ps, &x)
			if j == 1 {
				continue outer
			}
		}
	}
	return
}

//go:noinline
func chain(n int) *T {
	var t T
	p := &t
	for i := 0; i < n; i++ {
		q := &T{a: i}
		p.next = q
		p = q
	}
	s := t
	return s.next
}

//go:noinline
func localChain(n int) int {
	var t T
	p := &t
	for i := 0; i < n; i++ {
		var u T
		u.a = i
		p.next = &u
		p = &u
	}
	deep(2)
	s := 0
	for q := t.next; q != nil; q = q.next {
		s = s*10 + q.a
	}
	return s
}

// arrays and slices in frames
//
//go:noinline
func window(n int) []int {
	var a [8]int
	s := a[:0]
	for i := range n {
		s = append(s, i)
	}
	return s
}

//go:noinline
func madeslice(n int) ([]int, [][]int) {
	s := make([]int, 4)
	s[0] = n
	var all [][]int
	for i := range 3 {
		t := make([]int, 2)
		t[0] = i + n
		all = append(all, t)
	}
	u := make([]int, 3, 10)
	u = append(u, s...)
	return u, all
}

//go:noinline
func arrayOfPtrs(n int) [3]*int {
	var out [3]*int
	for i := range out {
		v := n + i
		out[i] = &v
	}
	return out
}

//go:noinline
func copyStruct(n int) T {
	inner := T{a: n}
	outer := T{a: n + 1, next: &inner}
	o2 := outer
	return o2
}

// interfaces
type shape interface {
	area() int
	self() shape
}
type sq struct{ w int }
type rc struct {
	w, h int
	in   shape
}

func (s sq) area() int    { return s.w * s.w }
func (s sq) self() shape  { return s }
func (r *rc) area() int   { return r.w*r.h + r.in.area() }
func (r *rc) self() shape { return r }

//go:noinline
func shapes(n int) []shape {
	var out []shape
	for i := range n {
		var s shape = sq{i}
		r := &rc{i, i + 1, s}
		out = append(out, r.self(), s.self(), rc{i, 2, r}.in)
	}
	return out
}

//go:noinline
func devirt(n int) shape {
	var s shape = &rc{n, n, sq{n}}
	return s.self()
}

// channels
//
//go:noinline
func chans(n int) []int {
	c := make(chan []int, n)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		buf := [3]int{i, i + 1, i + 2}
		go func() {
			defer wg.Done()
			c <- buf[:]
		}()
	}
	go func() { wg.Wait(); close(c); close(done) }()
	<-done
	var out []int
	for s := range c {
		out = append(out, s[2])
	}
	sort.Ints(out)
	return out
}

//go:noinline
func goArg(n int) *int {
	x := n
	c := make(chan *int)
	go func(p *int) { y := *p + 1; *p = y; c <- &y }(&x)
	r := <-c
	*r += x
	return r
}

//go:noinline
func unbuffered(n int) (r []*T) {
	c := make(chan T)
	go func() {
		for i := range n {
			c <- T{a: i, next: &T{b: i}}
		}
		close(c)
	}()
	for t := range c {
		r = append(r, &t)
	}
	return
}

// defers and panics
//
//go:noinline
func deferred(n int) (out string) {
	type rec struct {
		s string
		p *int
	}
	for i := range n {
		x := i
		r := rec{"r" + strconv.Itoa(i), &x}
		defer func() {
			if e := recover(); e != nil {
				out += e.(*rec).s + strconv.Itoa(*e.(*rec).p)
				if i > 0 {
					panic(&r)
				}
			}
		}()
	}
	y := 99
	panic(&rec{"first", &y})
}

type errT struct{ p *int }

func (e *errT) Error() string { return "e" + strconv.Itoa(*e.p) }

//go:noinline
func errs(n int) error {
	x := n
	e := &errT{&x}
	return fmt.Errorf("wrap %d: %w", n, errors.Join(e, errors.New("x"+strconv.Itoa(n))))
}

//go:noinline
func deferMethod(n int) (s string) {
	var b strings.Builder
	t := tracker{&b}
	defer func() { s = b.String() }()
	defer t.leave(t.enter("a" + strconv.Itoa(n)))
	for i := range 2 {
		defer t.leave(strconv.Itoa(i))
	}
	return ""
}

type tracker struct{ b *strings.Builder }

func (t tracker) enter(s string) string { t.b.WriteString(">" + s); return s }
func (t *tracker) leave(s string)       { t.b.WriteString("<" + s) }

// generic
type list[E any] struct {
	head *cell[E]
}
type cell[E any] struct {
	v    E
	next *cell[E]
}

func (l *list[E]) push(v E) { l.head = &cell[E]{v, l.head} }
func (l *list[E]) each(f func(*E) bool) {
	for c := l.head; c != nil; c = c.next {
		if !f(&c.v) {
			return
		}
	}
}
func mapf[A, B any](xs []A, f func(*A) B) []B {
	var out []B
	for _, x := range xs {
		out = append(out, f(&x))
	}
	return out
}
func ptr[A any](a A) *A { return &a }

//go:noinline
func generics(n int) ([]*int, *int, []func() int) {
	var l list[int]
	for i := range 3 {
		l.push(i + n)
	}
	var ps []*int
	for p := range l.each {
		ps = append(ps, p)
	}
	fs := mapf([]int{1, 2, 3}, func(p *int) func() int { return func() int { *p++; return *p } })
	return ps, ptr(n), fs
}

// uintptr and unsafe
//
//go:noinline
func offsets(n int) *int {
	var a [4]int
	a[3] = n
	p := unsafe.Pointer(&a[0])
	p = unsafe.Add(p, 24)
	return (*int)(p)
}

//go:noinline
func header(n int) string {
	b := []byte("abc" + strconv.Itoa(n))
	return *(*string)(unsafe.Pointer(&b))
}

// buffers
//
//go:noinline
func buffers(n int) ([]byte, string, []byte) {
	var b bytes.Buffer
	b.WriteString("hello")
	b.WriteString(strconv.Itoa(n))
	w := bytes.NewBuffer(make([]byte, 0, 16))
	fmt.Fprintf(w, "%d-%s", n, b.Bytes()[:2])
	return b.Bytes(), b.String(), w.Bytes()
}

//go:noinline
func ctxs(n int) any {
	x := n
	ctx := context.WithValue(context.Background(), "k", &x)
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	return ctx.Value("k")
}

//go:noinline
func mapIter(n int) (ks []*[2]int, vs []*string) {
	m := map[[2]int]string{}
	for i := range n {
		m[[2]int{i, i}] = "v" + strconv.Itoa(i)
	}
	for k, v := range m {
		ks = append(ks, &k)
		vs = append(vs, &v)
	}
	sort.Slice(ks, func(i, j int) bool { return ks[i][0] < ks[j][0] })
	sort.Slice(vs, func(i, j int) bool { return *vs[i] < *vs[j] })
	for k := range maps.Keys(m) {
		ks = append(ks, &k)
		break
	}
	return
}

type big struct {
	a [200]int
	p *int
}

//go:noinline
func bigs(n int) (func() int, *int) {
	var b big
	b.a[150] = n
	x := n + 1
	b.p = &x
	c := b
	return func() int { return c.a[150] + *c.p }, b.p
}

//go:noinline
func pick(b bool, p, q *int) *int {
	if b {
		return p
	}
	return q
}

//go:noinline
func picked(n int) *int {
	x, y := n, n+5
	return pick(n&1 == 0, &x, &y)
}

//go:noinline
func notKept(n int) int {
	x, y := n, n+5
	p := pick(n&1 == 0, &x, &y)
	deep(1)
	*p += 100
	return x*1000 + y
}

type tree struct {
	l, r *tree
	v    int
	up   **tree
}

func (t *tree) insert(v int) *tree {
	if t == nil {
		return &tree{v: v}
	}
	if v < t.v {
		t.l = t.l.insert(v)
		t.l.up = &t.l
	} else {
		t.r = t.r.insert(v)
		t.r.up = &t.r
	}
	return t
}

//go:noinline
func trees(n int) int {
	var root tree
	root.v = 50
	for i := range n {
		root.insert(i * 37 % 100)
	}
	deep(2)
	s := 0
	var walk func(*tree)
	walk = func(t *tree) {
		if t != nil {
			walk(t.l)
			s = s*3 + t.v
			if t.up != nil {
				s += (*t.up).v
			}
			walk(t.r)
		}
	}
	walk(&root)
	return s
}

func main() {
	for i := range 3 {
		var p *int
		q := even(4, &p)
		v1, v2, v3 := variadic(i)
		m, ss, s := stringsOf(i)
		z := zeroCopy("zero" + strconv.Itoa(i))
		z[0] = 'Z'
		zs, zb := zeroCopyMutated("mut" + strconv.Itoa(i))
		deep(9)
		fmt.Println(*p, *q, *v1[0], *v1[1], v2[0], *v2[1].(*int), v2[2], *v3, m, ss, s, string(z), zs, zb)
		fmt.Println(zeroCopyCall("abc"), zeroCopyClosure("abc"), zeroCopyClear("abc"), zeroCopyMethod("abc"))
		o, ne := mkops(i), nested(i)
		r1, r2 := resultAddr(i)
		r3, r4 := resultClosure(i)
		lf, lp := loopvars(3)
		deep(9)
		fmt.Println(o.inc(), *o.get(), o.all["a"](), o.all["b"](), ne()(), ne()(), r1, *r2, r3, r4(), r4())
		for _, f := range lf {
			fmt.Print(f(), " ")
		}
		for _, p := range lp {
			fmt.Print(*p, " ")
		}
		c, w, mk := chain(3), window(5), 0
		ms, mss := madeslice(i)
		ap, cs, sh, dv := arrayOfPtrs(i), copyStruct(i), shapes(3), devirt(i)
		deep(9)
		fmt.Println(c.a, c.next.a, c.next.next.a, localChain(4), w, mk, ms, mss, *ap[0], *ap[2], cs.a, cs.next.a, dv.area())
		for _, x := range sh {
			fmt.Print(x.area(), " ")
		}
		ch, ga, ub := chans(4), goArg(i), unbuffered(3)
		d, e, dm := deferred(3), errs(i), deferMethod(i)
		deep(9)
		fmt.Println(ch, *ga, ub[0].a, ub[2].a, ub[2].next.b, d, e, dm)
		g1, g2, g3 := generics(i)
		of, hd := offsets(i), header(i)
		b1, b2, b3 := buffers(i)
		cv := ctxs(i)
		k, vs := mapIter(3)
		bf, bp := bigs(i)
		pk := picked(i)
		deep(9)
		fmt.Println(*g1[0], *g1[2], *g2, g3[0](), g3[2](), g3[2](), *of, hd, string(b1), b2, string(b3), *cv.(*int), *k[0], *k[2], len(k), *vs[0], *vs[2], bf(), *bp, *pk, notKept(i), trees(20))
	}
}
