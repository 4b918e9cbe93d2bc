package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/memory"
)

// value is a word of Lisp:
//
//	0             the empty list, which is false
//	1<<63 | n     the number n, of 63 bits
//	1<<62 | i     the built-in function i
//	otherwise     the address of a pair, symbol, string or closure
//
// Addresses end below 1<<36, so the collector takes the others for no pointers.
type value = memory.Addr

const (
	null    value = 0
	number  value = 1 << 63
	builtin value = 1 << 62
)

func num(n int64) value   { return number | value(n)&(number-1) }
func toInt(v value) int64 { return int64(v<<1) >> 1 }

// lisp is an interpreter. Whatever is used after an allocation is in the list of symbols
// or in a local of the mutator; Go variables hold values only in between.
type lisp struct {
	out                        io.Writer
	heap                       *memory.Heap
	m                          *memory.Mutator
	pair, symbol, str, closure memory.Type
	names                      map[string]value // of symbols, which live for ever
	symbols                    *memory.Global   // a list of them
	text                       string           // not yet read
	conses, depth              int
}

// oops is the panic that carries a Lisp error out of the evaluator.
type oops struct{ error }

func fail(format string, args ...any) value { panic(oops{fmt.Errorf(format, args...)}) }

// run evaluates all expressions of a text on a new heap.
func run(cfg memory.Config, text string, out io.Writer) (err error) {
	l := &lisp{out: out, names: map[string]value{}, text: text}
	if l.heap, err = memory.New(cfg); err != nil {
		return err
	}
	defer l.heap.Close()
	if l.m, err = l.heap.NewMutator(); err != nil {
		return err
	}
	defer l.m.Close()
	define := func(name string, size int, pointers ...int) memory.Type {
		t, e := l.heap.Define(name, size, pointers...)
		err = errors.Join(err, e)
		return t
	}
	l.pair = define("pair", 16, 0, 8)           // car, cdr
	l.symbol = define("symbol", 16, 0, 8)       // name, value
	l.closure = define("closure", 24, 0, 8, 16) // parameters, body, environment
	l.str = define("string", 8)                 // length, then the bytes
	if l.symbols, _ = l.heap.NewGlobal(null); err != nil || l.symbols == nil {
		return errors.Join(err, memory.ErrNoMemory)
	}
	return l.catch(func() {
		for i, b := range builtins {
			l.m.Store(l.intern(b.name)+8, uint64(builtin|value(i)))
		}
		for l.skip(); l.text != ""; l.skip() {
			l.eval(l.read(), null)
		}
	})
}

// catch calls f and returns the Lisp error that ends it. Locals are as before then.
func (l *lisp) catch(f func()) (err error) {
	top, depth := l.m.Top(), l.depth
	defer func() {
		if r := recover(); r != nil {
			o, ok := r.(oops)
			if !ok {
				panic(r)
			}
			err = o.error
		}
		l.m.Pop(top)
		l.depth = depth
	}()
	f()
	return nil
}

func (l *lisp) alloc(t memory.Type, n int) value {
	a, err := l.m.NewArray(t, n)
	if errors.Is(err, memory.ErrNoMemory) {
		fail("out of memory")
	}
	return a
}

// record makes an object of its fields, which are kept meanwhile.
func (l *lisp) record(t memory.Type, fields ...value) value {
	top := l.m.Top()
	for _, f := range fields {
		l.m.Push(f)
	}
	a := l.alloc(t, 1)
	l.m.Pop(top)
	for i, f := range fields {
		l.m.Store(a+value(i*8), uint64(f))
	}
	return a
}

func (l *lisp) cons(a, b value) value {
	l.conses++
	return l.record(l.pair, a, b)
}

// is asks the heap for the type of an object.
func (l *lisp) is(v value, t memory.Type) bool {
	_, _, typ, ok := l.m.Object(v)
	return ok && typ == t
}

func (l *lisp) field(v value, t memory.Type, i int) value {
	if !l.is(v, t) {
		fail("%s is no %s", l.print(v), l.heap.Name(t))
	}
	return value(l.m.Load(v + value(i*8)))
}

func (l *lisp) car(v value) value { return l.field(v, l.pair, 0) }
func (l *lisp) cdr(v value) value { return l.field(v, l.pair, 1) }

func (l *lisp) newString(s string) value {
	a := l.alloc(l.str, 1+(len(s)+7)/8)
	l.m.StoreNum(a, uint64(len(s)))
	b, _ := l.m.Bytes(a+8, len(s))
	copy(b, s)
	return a
}

func (l *lisp) goString(v value) string {
	b, _ := l.m.Bytes(v+8, int(l.field(v, l.str, 0)))
	return string(b)
}

func (l *lisp) intern(name string) value {
	if v, ok := l.names[name]; ok {
		return v
	}
	top := l.m.Push(l.newString(name))
	v := l.record(l.symbol, l.m.Get(top), null)
	l.m.Set(top, v)
	l.symbols.Set(l.cons(v, l.symbols.Get()))
	l.m.Pop(top)
	l.names[name] = v
	return v
}

// skip skips space and comments.
func (l *lisp) skip() {
	for {
		l.text = strings.TrimLeft(l.text, " \t\r\n")
		if !strings.HasPrefix(l.text, ";") {
			return
		}
		_, l.text, _ = strings.Cut(l.text, "\n")
	}
}

func (l *lisp) read() value {
	l.skip()
	end := strings.IndexAny(l.text+" ", " \t\r\n()'\";")
	if end > 0 {
		word := l.text[:end]
		l.text = l.text[end:]
		if n, err := strconv.ParseInt(word, 10, 63); err == nil {
			return num(n)
		}
		return l.intern(word)
	}
	c := (l.text + " ")[0]
	l.text = strings.TrimPrefix(l.text, string(c))
	switch c {
	case '(':
		return l.readRest()
	case '\'':
		return l.cons(l.intern("quote"), l.cons(l.read(), null))
	case '"':
		s, rest, ok := strings.Cut(l.text, "\"")
		if !ok {
			return fail("string without end")
		}
		l.text = rest
		return l.newString(s)
	}
	return fail("an expression ends too early or too late")
}

func (l *lisp) readRest() value {
	if l.skip(); strings.HasPrefix(l.text, ")") {
		l.text = l.text[1:]
		return null
	}
	head := l.m.Push(l.read())
	defer l.m.Pop(head)
	return l.cons(l.m.Get(head), l.readRest())
}

func (l *lisp) print(v value) string {
	switch {
	case v&number != 0:
		return strconv.FormatInt(toInt(v), 10)
	case v&builtin != 0 || l.is(v, l.closure):
		return "<function>"
	case l.is(v, l.str):
		return l.goString(v)
	case l.is(v, l.symbol):
		return l.goString(value(l.m.Load(v)))
	}
	var words []string
	for ; l.is(v, l.pair); v = l.cdr(v) {
		words = append(words, l.print(l.car(v)))
	}
	if v != null {
		words = append(words, ".", l.print(v))
	}
	return "(" + strings.Join(words, " ") + ")"
}
