package main

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// place is what -why names: a file, a line of it, a column.
type place struct {
	file         string
	line, column int // 0: all
}

func parsePlace(s string) (p place, err error) {
	p.file = s
	var numbers []int
	for len(numbers) < 2 {
		i := strings.LastIndexByte(p.file, ':')
		if i < 0 {
			break
		}
		n, err := strconv.Atoi(p.file[i+1:])
		if err != nil || n <= 0 {
			return p, fmt.Errorf("escape: %q is not file.go:line or file.go:line:column", s)
		}
		numbers = append([]int{n}, numbers...)
		p.file = p.file[:i]
	}
	if len(numbers) > 0 {
		p.line = numbers[0]
	}
	if len(numbers) > 1 {
		p.column = numbers[1]
	}
	return p, nil
}

// names reports whether p means the file: the end of its path, by whole elements.
func (p *place) names(file string) bool {
	want, have := filepath.ToSlash(filepath.Clean(p.file)), filepath.ToSlash(file)
	return have == want || strings.HasSuffix(have, "/"+strings.TrimLeft(want, "./"))
}

// printWhy explains the allocations of a place. last tells that no other package comes.
func (e *escapeCommand) printWhy(w *bufio.Writer, found []escape.Finding, last bool) error {
	for i := range found {
		f := &found[i]
		if !e.asked(f) {
			continue
		}
		e.said = true
		why := f.Explain(e.at)
		sentence := why.Sentence
		if f.Kind != escape.Stays {
			sentence = strings.Replace(sentence, "goes to the heap", e.paint.bad("goes to the heap"), 1)
		}
		fmt.Fprintf(w, "%s %s.\n", e.paint.dim(e.at(f.Pos)+":"), sentence)
		if why.Change != "" {
			fmt.Fprintf(w, "    %s %s.\n", e.paint.good("change:"), why.Change)
		}
	}
	if last && !e.said {
		fmt.Fprintf(w, "nothing is allocated at %s\n", e.why)
	}
	return nil
}

// asked reports whether f is what -why asks for: storage on the heap at the place, and in frames too if that is a line.
func (e *escapeCommand) asked(f *escape.Finding) bool {
	p, err := parsePlace(e.why)
	x := e.fset.Position(tree.Place(f.Pos))
	if err != nil || !p.names(x.Filename) || p.line > 0 && p.line != x.Line || p.column > 0 && p.column != x.Column {
		return false
	}
	return f.Kind == escape.Moved || f.Kind == escape.Escapes || f.Kind == escape.Stays && p.line > 0
}
