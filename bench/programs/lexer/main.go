package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

type token struct {
	kind int
	text string
}

type lexer struct {
	src string
	pos int
}

func (l *lexer) next() token {
	for l.pos < len(l.src) && (l.src[l.pos] == ' ' || l.src[l.pos] == '\n') {
		l.pos++
	}
	if l.pos == len(l.src) {
		return token{}
	}
	start := l.pos
	switch c := l.src[l.pos]; {
	case c >= '0' && c <= '9':
		for l.pos < len(l.src) && l.src[l.pos] >= '0' && l.src[l.pos] <= '9' {
			l.pos++
		}
		return token{1, l.src[start:l.pos]}
	case c >= 'a' && c <= 'z':
		for l.pos < len(l.src) && (l.src[l.pos] >= 'a' && l.src[l.pos] <= 'z' || l.src[l.pos] == '_') {
			l.pos++
		}
		return token{2, l.src[start:l.pos]}
	}
	l.pos++
	return token{3, l.src[start:l.pos]}
}

type parser struct {
	l    lexer
	tok  token
	vars map[string]int
}

func (p *parser) factor() int {
	t := p.tok
	p.tok = p.l.next()
	switch t.kind {
	case 1:
		n := 0
		for _, c := range t.text {
			n = n*10 + int(c-'0')
		}
		return n
	case 2:
		return p.vars[t.text]
	}
	if t.text == "(" {
		n := p.expr()
		p.tok = p.l.next()
		return n
	}
	panic("unexpected " + t.text)
}

func (p *parser) term() int {
	n := p.factor()
	for p.tok.text == "*" || p.tok.text == "/" {
		op := p.tok.text
		p.tok = p.l.next()
		m := p.factor()
		if op == "*" {
			n *= m
		} else {
			n /= m
		}
	}
	return n
}

func (p *parser) expr() int {
	n := p.term()
	for p.tok.text == "+" || p.tok.text == "-" {
		op := p.tok.text
		p.tok = p.l.next()
		m := p.term()
		if op == "+" {
			n += m
		} else {
			n -= m
		}
	}
	return n
}

func main() {
	t := time.Now()
	src := strings.Repeat("(width + 12) * (height - 3) / 7 + count * 19 - ", 200) + "1"
	sum := 0
	for i := range 60 {
		p := &parser{l: lexer{src: src}, vars: map[string]int{"width": i, "height": 30, "count": 4}}
		p.tok = p.l.next()
		sum += p.expr()
	}
	fmt.Println(sum)
	fmt.Fprintln(os.Stderr, "ns", time.Since(t).Nanoseconds())
}
