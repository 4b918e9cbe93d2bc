// Pointers to variables that outlive the frame or the round of the loop that made them, by every construct of the language that a value
// can leave by.
package main

import (
	"iter"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

type T struct {
	a, b int
	next *T
}

var sinkT *T
var sinkAny any
var sinkF func() int

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

// method values
func (t *T) get() int { return t.a }
func (t T) val() int  { return t.a + t.b }

//go:noinline
func methodValue(n int) func() int {
	t := T{a: n, b: 2}
	return t.get
}

//go:noinline
func methodValueV(n int) func() int {
	t := &T{a: n, b: 2}
	return t.val
}

type getter interface{ get() int }

//go:noinline
func methodValueI(n int) func() int {
	var g getter = &T{a: n}
	return g.get
}

// method expression
//
//go:noinline
func methodExpr(n int) func(*T) int { return (*T).get }

// atomics
var ap atomic.Pointer[T]
var av atomic.Value
var up unsafe.Pointer

//go:noinline
func atomics(n int) {
	t := T{a: n}
	ap.Store(&t)
	u := T{a: n + 1}
	av.Store(&u)
	w := T{a: n + 2}
	atomic.StorePointer(&up, unsafe.Pointer(&w))
}

//go:noinline
func casp(n int) {
	t := T{a: n}
	ap.CompareAndSwap(ap.Load(), &t)
	u := T{a: n + 1}
	atomic.SwapPointer(&up, unsafe.Pointer(&u))
}

// min max clear of strings
//
//go:noinline
func mins(n int) string {
	b := []byte{'a' + byte(n), 'x'}
	c := []byte{'b', 'y'}
	return min(string(b), string(c))
}

// select and recv
var ch = make(chan *T, 10)

//go:noinline
func send(n int) {
	t := T{a: n}
	select {
	case ch <- &t:
	default:
	}
}

//go:noinline
func recv() *T {
	var p *T
	for i := 0; i < 2; i++ {
		select {
		case v := <-ch:
			v2 := *v
			v2.b = i
			v2.next = p
			p = &v2
		default:
		}
	}
	return p
}

// range over func
func seq(n int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := 0; i < n; i++ {
			t := T{a: i}
			if !yield(&t) {
				return
			}
		}
	}
}

//go:noinline
func collect(n int) []*T {
	var out []*T
	for p := range seq(n) {
		out = append(out, p)
	}
	return out
}

//go:noinline
func rangeAddr(n int) (out []*int) {
	for i := range seq(n) {
		x := i.a
		out = append(out, &x)
		if len(out) == n {
			break
		}
	}
	return
}

//go:noinline
func rangeDefer(n int) (res *int) {
	for p := range seq(n) {
		x := p.a * 10
		defer func() { res = &x }()
	}
	return nil
}

// defer in loops
//
//go:noinline
func deferLoop(n int) (out []*int) {
	for i := 0; i < n; i++ {
		x := i * 3
		defer func() { out = append(out, &x) }()
	}
	return nil
}

//go:noinline
func deferArg(n int) (s string) {
	for i := 0; i < n; i++ {
		b := []byte{byte('0' + i)}
		defer func(b []byte) { s += string(b) }(b)
	}
	return
}

// goto loops
//
//go:noinline
func gotoLoop(n int) []*int {
	var out []*int
	i := 0
again:
	x := i
	out = append(out, &x)
	i++
	if i < n {
		goto again
	}
	return out
}

//go:noinline
func gotoList(n int) *T {
	var head *T
	i := 0
again:
	t := &T{a: i}
	t.next = head
	head = t
	i++
	if i < n {
		goto again
	}
	s := *head
	return &s
}

//go:noinline
func localList(n int) int {
	var head *T
	i := 0
again:
	{
		t := &T{a: i, next: head}
		head = t
		i++
		if i < n {
			goto again
		}
	}
	deep(3)
	s := 0
	for p := head; p != nil; p = p.next {
		s = s*10 + p.a
	}
	return s
}

//go:noinline
func localFor(n int) int {
	var head *T
	for i := 0; i < n; i++ {
		head = &T{a: i, next: head}
	}
	deep(3)
	s := 0
	for p := head; p != nil; p = p.next {
		s = s*10 + p.a
	}
	return s
}

// inlined body in a loop
func cons(a int, l *T) *T { return &T{a: a, next: l} }

//go:noinline
func inlinedCons(n int) int {
	var head *T
	for i := range n {
		head = cons(i, head)
	}
	deep(2)
	s := 0
	for p := head; p != nil; p = p.next {
		s = s*10 + p.a
	}
	return s
}

// closures returning captured
//
//go:noinline
func closures(n int) (fs []func() *int) {
	for i := range n {
		x := i
		fs = append(fs, func() *int { x++; return &x })
	}
	return
}

func apply(f func() *int) *int { return f() }

//go:noinline
func inlinedApply(n int) *int {
	x := n
	return apply(func() *int { y := x; return &y })
}

//go:noinline
func innerResult(n int) *int {
	f := func() *int { y := n; return &y }
	g := f
	return g()
}

//go:noinline
func throughParam(n int) *int {
	var r *int
	f := func(p **int) { y := n; *p = &y }
	f(&r)
	return r
}

// reflect
//
//go:noinline
func reflectMap(n int) map[string]*T {
	m := map[string]*T{}
	t := T{a: n}
	k := string([]byte{'k', byte('0' + n)})
	reflect.ValueOf(m).SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(&t))
	return m
}

//go:noinline
func reflectSet(n int) **T {
	var p *T
	t := T{a: n}
	reflect.ValueOf(&p).Elem().Set(reflect.ValueOf(&t))
	q := p
	return &q
}

//go:noinline
func reflectAppend(n int) []*T {
	var s []*T
	t := T{a: n}
	return reflect.Append(reflect.ValueOf(s), reflect.ValueOf(&t)).Interface().([]*T)
}

//go:noinline
func reflectCall(n int) *int {
	x := n
	f := func(p *int) *int { return p }
	return reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(&x)})[0].Interface().(*int)
}

//go:noinline
func reflectMethod(n int) func() int {
	t := T{a: n}
	return reflect.ValueOf(&t).MethodByName("Get").Interface().(func() int)
}

func (t *T) Get() int { return t.a }

//go:noinline
func reflectMake(n int) func(*int) *int {
	x := n
	p := &x
	f := reflect.MakeFunc(reflect.TypeFor[func(*int) *int](), func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(p)}
	})
	return f.Interface().(func(*int) *int)
}

//go:noinline
func reflectSend(n int) chan *T {
	c := make(chan *T, 1)
	t := T{a: n}
	reflect.ValueOf(c).Send(reflect.ValueOf(&t))
	return c
}

//go:noinline
func reflectField(n int) *T {
	var w struct{ P *T }
	t := T{a: n}
	reflect.ValueOf(&w).Elem().Field(0).Set(reflect.ValueOf(&t))
	return w.P
}

// strings
//
//go:noinline
func unsafeString(n int) string {
	b := []byte{'u', byte('0' + n)}
	return unsafe.String(&b[0], len(b))
}

//go:noinline
func unsafeSlice(n int) []int {
	a := [4]int{n, n + 1}
	return unsafe.Slice(&a[0], 2)
}

//go:noinline
func builder(n int) string {
	var b strings.Builder
	b.WriteString("abc")
	b.WriteByte(byte('0' + n))
	return b.String()
}

//go:noinline
func arr(n int) []int {
	a := [5]int{n, 2, 3}
	s := a[1:3]
	return append(s[:1:1], n)
}

//go:noinline
func arrSlice(n int) []int {
	a := [5]int{n, 2, 3}
	return a[:2]
}

//go:noinline
func toArrayPtr(n int) *[2]int {
	s := []int{n, n + 1}
	return (*[2]int)(s)
}

//go:noinline
func uintptrs(n int) *int {
	t := T{a: 1, b: n}
	return (*int)(unsafe.Pointer(uintptr(unsafe.Pointer(&t)) + unsafe.Offsetof(t.b)))
}

type node[K any] struct {
	k    K
	left *node[K]
}

func (n *node[K]) ins(k K) *node[K] {
	if n == nil {
		return &node[K]{k: k}
	}
	n.left = n.left.ins(k)
	return n
}

//go:noinline
func gen(n int) *node[*int] {
	var root *node[*int]
	for i := range n {
		x := i
		root = root.ins(&x)
	}
	return root
}

type Iface interface{ Set(*T) }
type holder struct{ t *T }

func (h *holder) Set(t *T) { h.t = t }

func setAll[X Iface](xs []X, n int) {
	for _, x := range xs {
		t := T{a: n}
		x.Set(&t)
	}
}

//go:noinline
func dict(n int) []*holder {
	hs := []*holder{{}, {}}
	setAll(hs, n)
	return hs
}

var pool = sync.Pool{New: func() any { return new(T) }}
var om sync.Map

//go:noinline
func syncs(n int) {
	t := T{a: n}
	om.Store(n, &t)
	x := n
	f := sync.OnceValue(func() *int { return &x })
	sinkAny = f
}

type embed struct {
	*T
	f func() int
}

//go:noinline
func struc(n int) embed {
	t := T{a: n}
	e := embed{T: &t}
	e.f = e.get
	return e
}

//go:noinline
func multi(n int) (a *int, b []*int, c map[string]*int, d any, e func() *int, g *int, h *int) {
	x := n
	y := [1]int{n}
	z := struct{ v int }{n}
	w := n
	return &x, []*int{&x, &y[0]}, map[string]*int{"a": &z.v}, &w, func() *int { return &w }, &z.v, &y[0]
}

//go:noinline
func sortf(n int) []*int {
	var s []*int
	for i := range n {
		v := n - i
		s = append(s, &v)
	}
	slices.SortFunc(s, func(a, b *int) int { return *a - *b })
	return s
}

//go:noinline
func pull(n int) []*T {
	next, stop := iter.Pull(seq(n))
	defer stop()
	var out []*T
	for {
		p, ok := next()
		if !ok {
			return out
		}
		out = append(out, p)
	}
}

//go:noinline
func panics(n int) (p *int) {
	defer func() { p = recover().(*int) }()
	x := n
	panic(&x)
}

//go:noinline
func tswitch(v any) *int {
	var p *int
	for range 2 {
		switch y := v.(type) {
		case int:
			p = &y
		case *int:
			z := *y
			p = &z
		}
	}
	return p
}

//go:noinline
func swap(n int) (*int, *int) {
	x, y := n, n+1
	p, q := &x, &y
	p, q = q, p
	return p, q
}

//go:noinline
func mapk(n int) map[[2]*int]int {
	x := n
	return map[[2]*int]int{{&x, nil}: 1}
}

func main() {
	for i := 0; i < 3; i++ {
		f1, f2, f3 := methodValue(i), methodValueV(i), methodValueI(i)
		atomics(i)
		deep(9)
		println(f1(), f2(), f3(), methodExpr(1)(&T{a: 5}), ap.Load().a, av.Load().(*T).a, (*T)(up).a)
		casp(i)
		s := mins(i)
		send(i)
		send(i + 1)
		r := recv()
		deep(9)
		println(ap.Load().a, (*T)(up).a, s, r.a, r.next.a)
		c, ra, rd, dl, da := collect(3), rangeAddr(3), rangeDefer(3), deferLoop(3), deferArg(3)
		_ = dl
		deep(9)
		println(c[0].a, c[2].a, *ra[0], *ra[2], rd != nil && *rd >= 0, da)
		g, gl := gotoLoop(3), gotoList(3)
		println(localList(4), localFor(4), inlinedCons(4))
		deep(9)
		println(*g[0], *g[1], *g[2], gl.a, gl.next.a, gl.next.next.a)
		fs := closures(3)
		p1, p2, p3 := inlinedApply(i), innerResult(i), throughParam(i)
		deep(9)
		println(*fs[0](), *fs[2](), *fs[2](), *p1, *p2, *p3)
		m, rs, rap, rc, rm, rmk, rse, rf := reflectMap(i), reflectSet(i), reflectAppend(i), reflectCall(i), reflectMethod(i), reflectMake(i), reflectSend(i), reflectField(i)
		deep(9)
		for k, v := range m {
			println(k, v.a)
		}
		println((*rs).a, rap[0].a, *rc, rm(), *rmk(nil), (<-rse).a, rf.a)
		us, usl, b, a1, a2, ta, up2 := unsafeString(i), unsafeSlice(i), builder(i), arr(i), arrSlice(i), toArrayPtr(i), uintptrs(i)
		deep(9)
		println(us, usl[0], usl[1], b, a1[1], a2[0], ta[1], *up2)
		gn, di := gen(3), dict(i)
		syncs(i)
		e := struc(i)
		deep(9)
		{
			v, _ := om.Load(i)
			println(v.(*T).a)
		}
		println(*gn.k, *gn.left.k, *gn.left.left.k, di[0].t.a, di[1].t.a, *sinkAny.(func() *int)(), e.f(), e.T.a)
		a, bb, cc, d, ee, gg, hh := multi(i)
		so, pu, pa, ts, ts2 := sortf(4), pull(3), panics(i), tswitch(i), tswitch(&i)
		s1, s2 := swap(i)
		mk := mapk(i)
		deep(9)
		println(*a, *bb[1], *cc["a"], *d.(*int), *ee(), *gg, *hh, *so[0], *so[3], pu[0].a, pu[2].a, *pa, *ts, *ts2, *s1, *s2)
		for k := range mk {
			println(*k[0])
		}
	}
}
