package main

import (
	"fmt"

	"github.com/terrarium-go/terrarium/memory"
)

// maxDepth bounds evaluations inside evaluations.
const maxDepth = 50_000

// eval evaluates an expression. The expression, the environment (a list of pairs of name and
// value), a function and its arguments are in locals; what is in tail position goes round the loop.
func (l *lisp) eval(expr, environment value) value {
	if l.depth++; l.depth > maxDepth {
		fail("recursion is too deep")
	}
	m, top := l.m, l.m.Top()
	x, env, fn, args := m.Push(expr), m.Push(environment), m.Push(null), m.Push(null)
	done := func(v value) value {
		l.depth--
		m.Pop(top)
		return v
	}
	for {
		e := m.Get(x)
		if l.is(e, l.symbol) {
			return done(value(m.Load(l.place(e, m.Get(env)))))
		}
		if !l.is(e, l.pair) {
			return done(e)
		}
		head, rest := l.car(e), l.cdr(e)
		name := ""
		if l.is(head, l.symbol) {
			name = l.print(head)
		}
		switch name {
		case "quote":
			return done(l.car(rest))
		case "if":
			choice := l.cdr(rest)
			if l.eval(l.car(rest), m.Get(env)) == null {
				if choice = l.cdr(choice); choice == null {
					return done(null)
				}
			}
			m.Set(x, l.car(choice))
			continue
		case "define":
			target := l.car(rest)
			if l.is(target, l.pair) { // (define (f a b) …)
				m.Set(fn, l.record(l.closure, l.cdr(target), l.cdr(rest), m.Get(env)))
				target = l.car(target)
			} else {
				m.Set(fn, l.eval(l.car(l.cdr(rest)), m.Get(env)))
			}
			l.field(target, l.symbol, 1)
			m.Store(target+8, uint64(m.Get(fn)))
			return done(target)
		case "set!":
			m.Set(fn, l.eval(l.car(l.cdr(rest)), m.Get(env)))
			m.Store(l.place(l.car(rest), m.Get(env)), uint64(m.Get(fn)))
			return done(m.Get(fn))
		case "lambda":
			return done(l.record(l.closure, l.car(rest), l.cdr(rest), m.Get(env)))
		case "let": // each value sees the variables before it
			for b := l.car(rest); b != null; b = l.cdr(b) {
				v := l.eval(l.car(l.cdr(l.car(b))), m.Get(env))
				m.Set(env, l.cons(l.cons(l.car(l.car(b)), v), m.Get(env)))
			}
			m.Set(x, l.body(l.cdr(rest), env))
			continue
		case "try": // (try expression (lambda (message) …))
			v := null
			err := l.catch(func() { v = l.eval(l.car(rest), m.Get(env)) })
			if err == nil {
				return done(v)
			}
			m.Set(fn, l.eval(l.car(l.cdr(rest)), m.Get(env)))
			m.Set(args, l.cons(l.newString(err.Error()), null))
		default:
			m.Set(fn, l.eval(head, m.Get(env)))
			m.Set(args, null)
			for last := null; rest != null; rest = l.cdr(rest) {
				v := l.cons(l.eval(l.car(rest), m.Get(env)), null)
				if last == null {
					m.Set(args, v)
				} else {
					m.Store(last+8, uint64(v))
				}
				last = v
			}
		}
		f := m.Get(fn)
		if f&number == 0 && f&builtin != 0 {
			return done(l.call(int(f&^builtin), m.Get(args)))
		}
		m.Set(env, l.field(f, l.closure, 2))
		for p := l.field(f, l.closure, 0); p != null; p = l.cdr(p) {
			m.Set(env, l.cons(l.cons(l.car(p), l.car(m.Get(args))), m.Get(env)))
			m.Set(args, l.cdr(m.Get(args)))
		}
		m.Set(x, l.body(l.field(f, l.closure, 1), env))
	}
}

// body evaluates all expressions of a list but the last, which it returns.
func (l *lisp) body(list value, env memory.Local) value {
	if list == null {
		return null
	}
	for ; l.cdr(list) != null; list = l.cdr(list) {
		l.eval(l.car(list), l.m.Get(env))
	}
	return l.car(list)
}

// place is the address of the word that holds a variable's value.
func (l *lisp) place(name, env value) value {
	for ; env != null; env = l.cdr(env) {
		if l.car(l.car(env)) == name {
			return l.car(env) + 8
		}
	}
	l.field(name, l.symbol, 1)
	return name + 8
}

// call calls a built-in function. Its arguments are kept by the list of them.
func (l *lisp) call(i int, args value) value {
	var v []value
	for ; args != null; args = l.cdr(args) {
		v = append(v, l.car(args))
	}
	b := &builtins[i]
	if b.args >= 0 && len(v) != b.args {
		fail("%s takes %d arguments, not %d", b.name, b.args, len(v))
	}
	return b.call(l, v)
}

func (l *lisp) truth(b bool) value {
	if b {
		return num(1)
	}
	return null
}

// math is a function of two numbers.
func math(f func(a, b int64) int64) func(*lisp, []value) value {
	return func(l *lisp, v []value) value {
		if v[0]&v[1]&number == 0 {
			fail("%s or %s is no number", l.print(v[0]), l.print(v[1]))
		}
		return num(f(toInt(v[0]), toInt(v[1])))
	}
}

// figure is a figure of the heap.
func figure(f func(l *lisp) uint64) func(*lisp, []value) value {
	return func(l *lisp, _ []value) value { return num(int64(f(l))) }
}

// builtins are the functions that are not written in Lisp; args is their number of
// arguments, -1 for any.
var builtins = []struct {
	name string
	args int
	call func(l *lisp, v []value) value
}{
	{"cons", 2, func(l *lisp, v []value) value { return l.cons(v[0], v[1]) }},
	{"car", 1, func(l *lisp, v []value) value { return l.car(v[0]) }},
	{"cdr", 1, func(l *lisp, v []value) value { return l.cdr(v[0]) }},
	{"not", 1, func(l *lisp, v []value) value { return l.truth(v[0] == null) }},
	{"eq?", 2, func(l *lisp, v []value) value { return l.truth(v[0] == v[1]) }},
	{"<", 2, func(l *lisp, v []value) value { return l.truth(toInt(v[0]) < toInt(v[1])) }},
	{"+", 2, math(func(a, b int64) int64 { return a + b })},
	{"-", 2, math(func(a, b int64) int64 { return a - b })},
	{"*", 2, math(func(a, b int64) int64 { return a * b })},
	{"mod", 2, math(func(a, b int64) int64 { return a % max(b, 1) })},
	{"string-append", 2, func(l *lisp, v []value) value { return l.newString(l.goString(v[0]) + l.goString(v[1])) }},
	{"print", -1, func(l *lisp, v []value) value {
		for _, x := range v {
			fmt.Fprint(l.out, l.print(x), " ")
		}
		fmt.Fprintln(l.out)
		return null
	}},
	{"collect", 0, func(l *lisp, v []value) value { l.m.Collect(); return null }},
	{"collections", 0, figure(func(l *lisp) uint64 { return uint64(l.m.Stats().Collections) })},
	{"live", 0, figure(func(l *lisp) uint64 { return l.m.Stats().Live })},
	{"used", 0, figure(func(l *lisp) uint64 { return l.heap.Used() })},
	{"limit", 0, figure(func(l *lisp) uint64 { return l.heap.Limit() })},
	{"conses", 0, figure(func(l *lisp) uint64 { return uint64(l.conses) })},
}
