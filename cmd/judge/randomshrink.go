package main

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"slices"
	"sync"

	"github.com/terrarium-go/terrarium/internal/randprog"
)

// Shrinking
//
// One round makes a candidate of each statement and declaration of the program: the
// program without it, and for a block statement the program with its body in its
// place. Candidates that do not type-check are dropped; the others form a batch.
// Of the cuts that still differ as many as possible are made together, and the next round
// begins, until no cut is left.

// maxRounds and maxCuts bound the work for one program.
const (
	maxRounds = 25
	maxCuts   = 250
)

// shrink returns the smallest program found that still differs, and how.
func shrink(ctx context.Context, text, what, debug string) (string, string) {
	for range maxRounds {
		cuts := countCuts(text)
		var candidates []string
		var which []int
		step := max(1, (cuts+maxCuts-1)/maxCuts)
		for i := 0; i < cuts; i += step {
			if c, ok := cut(text, []int{i}); ok {
				candidates = append(candidates, c)
				which = append(which, i)
			}
		}
		if len(candidates) == 0 || ctx.Err() != nil {
			break
		}
		diffs, err := compareBatch(ctx, candidates, debug)
		if err != nil || len(diffs) == 0 {
			break
		}
		var good []int
		for i := range diffs {
			good = append(good, which[i])
		}
		slices.Sort(good)
		better := ""
		var tries []string
		for n := len(good); n > 1; n /= 2 {
			for from := 0; from+n <= len(good); from += n {
				if c, ok := cut(text, good[from:from+n]); ok {
					tries = append(tries, c)
				}
			}
		}
		if len(tries) > 0 {
			if d, err := compareBatch(ctx, tries, debug); err == nil {
				for i, w := range d {
					if better == "" || len(tries[i]) < len(better) {
						better, what = tries[i], w
					}
				}
			}
		}
		if better == "" {
			for i, w := range diffs {
				if better == "" || len(candidates[i]) < len(better) {
					better, what = candidates[i], w
				}
			}
		}
		text = better
	}
	return text, what
}

func countCuts(text string) int {
	n := 0
	edit(text, func(int) bool { n++; return false })
	return n
}

// cut returns the program without the named parts, if it type-checks.
func cut(text string, parts []int) (string, bool) {
	n := -1
	out := edit(text, func(int) bool { n++; return slices.Contains(parts, n) })
	return out, out != text && typeChecks(out)
}

// edit parses the program, asks drop about each part in turn and returns the text without those it wants gone.
// Every second question about a statement with a body is whether the body takes its place.
func edit(text string, drop func(int) bool) string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		return text
	}
	changed := false
	ask := func() bool {
		d := drop(0)
		changed = changed || d
		return d
	}
	var list func(stmts []ast.Stmt) []ast.Stmt
	inside := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				n.List = list(n.List)
				return false
			case *ast.CaseClause:
				n.Body = list(n.Body)
				return false
			case *ast.CommClause:
				n.Body = list(n.Body)
				return false
			}
			return true
		})
	}
	list = func(stmts []ast.Stmt) []ast.Stmt {
		var out []ast.Stmt
		for _, s := range stmts {
			if ask() {
				continue
			}
			if b := bodyOf(s); b != nil && ask() {
				out = append(out, list(b.List)...)
				continue
			}
			inside(s)
			out = append(out, s)
		}
		return out
	}
	var decls []ast.Decl
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			decls = append(decls, d)
			continue
		}
		if ask() {
			continue
		}
		inside(d)
		decls = append(decls, d)
	}
	f.Decls = decls
	if !changed {
		return text
	}
	f.Comments = nil
	var b bytes.Buffer
	if err := printer.Fprint(&b, fset, f); err != nil {
		return text
	}
	return b.String()
}

func bodyOf(s ast.Stmt) *ast.BlockStmt {
	switch s := s.(type) {
	case *ast.IfStmt:
		return s.Body
	case *ast.ForStmt:
		return s.Body
	case *ast.RangeStmt:
		return s.Body
	case *ast.BlockStmt:
		return s
	case *ast.LabeledStmt:
		return bodyOf(s.Stmt)
	}
	return nil
}

// checking holds what type checks share: the importer remembers packages.
var checking struct {
	sync.Mutex
	fset *token.FileSet
	imp  types.Importer
}

func typeChecks(text string) bool {
	checking.Lock()
	defer checking.Unlock()
	if checking.imp == nil {
		checking.fset = token.NewFileSet()
		checking.imp = importer.ForCompiler(checking.fset, "source", nil)
	}
	var files []*ast.File
	for i, t := range []string{text, randprog.Prelude([]string{randprog.Prefix})} {
		f, err := parser.ParseFile(checking.fset, fmt.Sprint("f", i, ".go"), t, parser.SkipObjectResolution)
		if err != nil {
			return false
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: checking.imp, GoVersion: "go1.26", Error: func(error) {}}
	_, err := conf.Check("main", checking.fset, files, nil)
	return err == nil
}
