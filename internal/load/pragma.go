package load

// Directives
//
// A directive is a line comment that begins with "//go:". It belongs to the
// declaration that follows it, whether or not the two touch: everything between
// the end of one declaration (or of one spec, inside a parenthesised group) and
// the next one counts for the latter. linkname names its declaration and may stand
// anywhere in a file. Directives that say nothing to us (go:generate, go:build,
// go:fix, …) are ignored, as are those of the toolchain's own trade.

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// PragmaFlag is a set of directives that have no arguments.
type PragmaFlag uint32

const (
	NoInline           PragmaFlag = 1 << iota // go:noinline
	NoEscape                                  // go:noescape
	NoSplit                                   // go:nosplit
	UintptrEscapes                            // go:uintptrescapes
	UintptrKeepAlive                          // go:uintptrkeepalive
	NoCheckPtr                                // go:nocheckptr
	NoRace                                    // go:norace
	NoInterface                               // go:nointerface
	SystemStack                               // go:systemstack
	NoWriteBarrier                            // go:nowritebarrier
	NoWriteBarrierRec                         // go:nowritebarrierrec
	YesWriteBarrierRec                        // go:yeswritebarrierrec
)

var pragmaFlags = map[string]PragmaFlag{
	"noinline":           NoInline,
	"noescape":           NoEscape,
	"nosplit":            NoSplit,
	"uintptrescapes":     UintptrEscapes,
	"uintptrkeepalive":   UintptrKeepAlive,
	"nocheckptr":         NoCheckPtr,
	"norace":             NoRace,
	"nointerface":        NoInterface,
	"systemstack":        SystemStack,
	"nowritebarrier":     NoWriteBarrier,
	"nowritebarrierrec":  NoWriteBarrierRec,
	"yeswritebarrierrec": YesWriteBarrierRec,
}

// Pragma is what directives say about one function.
type Pragma struct {
	Flags PragmaFlag

	// ImportModule and ImportName are the arguments of go:wasmimport: the function
	// has no body and the host provides it. Both are "" otherwise.
	ImportModule, ImportName string

	Export string // argument of go:wasmexport
}

// Has reports whether the pragma has all the flags.
func (p Pragma) Has(flags PragmaFlag) bool { return p.Flags&flags == flags }

// Link is one go:linkname directive.
type Link struct {
	Pos    token.Pos
	Obj    types.Object // the *types.Func or *types.Var it names
	Target string       // linker symbol, "" for the form that only marks
}

// directive is one "//go:" comment, cut into the word after the colon and the rest.
type directive struct {
	pos  token.Pos // of the word "go:…", behind the slashes
	word string
	args string
}

// directives collects the directives of all files of a type-checked package.
func (p *Package) directives(errs *errorList, unlinked bool) {
	p.Pragmas = map[types.Object]Pragma{}
	p.Embeds = map[*types.Var]*Embed{}
	linked := map[types.Object]bool{}
	for _, f := range p.files {
		var list []directive
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				rest, ok := strings.CutPrefix(c.Text, "//go:")
				if !ok || f.isCut(c.Pos()) {
					continue
				}
				d := directive{pos: c.Pos() + 2, word: rest}
				if i := strings.IndexAny(rest, " \t"); i >= 0 {
					d.word, d.args = rest[:i], strings.TrimSpace(rest[i:])
				}
				d.args = strings.TrimSuffix(d.args, "\r")
				switch {
				case d.word == "linkname":
					p.linkname(f, d, linked, errs)
				case d.word == "embed", d.word == "wasmimport", d.word == "wasmexport", pragmaFlags[d.word] != 0:
					list = append(list, d)
				}
			}
		}
		p.attach(f, list, errs)
	}
	if !p.Std && !p.HasAsm && !unlinked {
		p.FuncDecls(func(f *types.Func, d *ast.FuncDecl) {
			if d.Body == nil && !linked[f] && p.Pragmas[f].ImportModule == "" {
				errs.at(d.Name.Pos(), "missing function body")
			}
		})
	}
}

// isCut reports whether pos lies in a declaration that an overlay took away.
func (f *file) isCut(pos token.Pos) bool {
	for _, s := range f.cut {
		if s.start <= pos && pos < s.end {
			return true
		}
	}
	return false
}

// attach gives each directive to the declaration that follows it.
func (p *Package) attach(f *file, list []directive, errs *errorList) {
	decls := f.ast.Decls
	for _, d := range list {
		for len(decls) > 0 && decls[0].End() <= d.pos {
			decls = decls[1:]
		}
		var spec ast.Spec
		if len(decls) > 0 {
			switch decl := decls[0].(type) {
			case *ast.FuncDecl:
				if d.pos < decl.Pos() && d.word != "embed" {
					p.function(decl, d, errs)
					continue
				}
			case *ast.GenDecl:
				if d.pos < decl.Pos() && !decl.Lparen.IsValid() && len(decl.Specs) == 1 {
					spec = decl.Specs[0]
				} else if d.pos > decl.Pos() {
					for _, s := range decl.Specs {
						if s.End() > d.pos {
							if d.pos < s.Pos() {
								spec = s
							}
							break
						}
					}
				}
			}
		}
		if d.word != "embed" {
			continue // on a type, a variable or nothing: no effect, as in the compiler
		}
		if vs, ok := spec.(*ast.ValueSpec); ok && decls[0].(*ast.GenDecl).Tok == token.VAR {
			p.embed(f, vs, d, errs)
		} else {
			errs.at(d.pos, "misplaced go:embed directive")
		}
	}
	p.resolveEmbeds(f, errs)
}

// function gives a directive to a function.
func (p *Package) function(decl *ast.FuncDecl, d directive, errs *errorList) {
	obj := p.Info.Defs[decl.Name]
	if obj == nil {
		return
	}
	pr := p.Pragmas[obj]
	switch d.word {
	case "wasmimport":
		words := strings.Fields(d.args)
		if len(words) != 2 {
			errs.at(d.pos, "usage: //go:wasmimport importmodule importname")
			return
		}
		if decl.Body != nil {
			errs.at(decl.Name.Pos(), "can only use //go:wasmimport with external func implementations")
			return
		}
		pr.ImportModule, pr.ImportName = words[0], words[1]
	case "wasmexport":
		pr.Export = d.args
	default:
		pr.Flags |= pragmaFlags[d.word]
	}
	p.Pragmas[obj] = pr
}

// linkname records a linkname directive.
func (p *Package) linkname(f *file, d directive, linked map[types.Object]bool, errs *errorList) {
	words := strings.Fields(d.args)
	if len(words) < 1 || len(words) > 2 {
		errs.at(d.pos, "usage: //go:linkname localname [linkname]")
		return
	}
	if f.replaced[words[0]] && !f.overlay {
		return
	}
	if !p.Std {
		usesUnsafe := false
		for _, spec := range f.ast.Imports {
			usesUnsafe = usesUnsafe || spec.Path.Value == `"unsafe"`
		}
		if !usesUnsafe {
			errs.at(d.pos, `//go:linkname only allowed in Go files that import "unsafe"`)
			return
		}
	}
	obj := p.Types.Scope().Lookup(words[0])
	switch obj.(type) {
	case *types.Func, *types.Var:
	default:
		// std marks methods and things of other ports this way; neither means anything
		if !p.Std {
			errs.at(d.pos, "//go:linkname must refer to declared function or variable")
		}
		return
	}
	link := Link{Pos: d.pos, Obj: obj}
	if len(words) == 2 {
		link.Target = words[1]
	}
	linked[obj] = true
	p.Links = append(p.Links, link)
}
