package lower

// Type strings
//
// The text of a type in three modes. modeName is what reflect shows: packages by
// name ("template.HTML"). modeLink names packages by path and is the same for
// identical types only; it feeds the hash and stands in the names of instances, as
// in "main.Pair[int,example.com/x/shape.Circle]". The spellings are those of the
// gc compiler: "interface {}", "struct { A int; b string "tag" }",
// "func(int, ...string) (bool, error)".

import (
	"go/types"
	"slices"
	"strconv"
	"strings"
)

type nameMode uint8

const (
	modeName nameMode = iota // packages by name; reflect's String
	modeLink                 // packages by path
)

// pkgPath is the path of a package in symbols and type data.
func pkgPath(p *types.Package) string {
	if p.Name() == "main" {
		return "main"
	}
	return p.Path()
}

// typeNamer writes type strings. local, if not nil, gives what the link mode puts behind the name of a
// type that is declared inside a function, its type arguments included.
type typeNamer struct {
	groups map[types.Type]*types.Map // the map type that a group type belongs to
	local  func(n *types.Named) string
	// outer, if not nil, gives the type arguments of the function that a local type is declared in, and those
	// of the type itself if it is a copy of a generic one.
	outer func(n *types.Named) (outer, own []types.Type)
}

func (tn *typeNamer) text(t types.Type, mode nameMode) string {
	var b strings.Builder
	tn.write(&b, t, mode)
	return b.String()
}

func (tn *typeNamer) write(b *strings.Builder, t types.Type, mode nameMode) {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.Byte:
			b.WriteString("uint8")
		case types.Rune:
			b.WriteString("int32")
		case types.UnsafePointer:
			b.WriteString("unsafe.Pointer")
		default:
			b.WriteString(t.Name())
		}
	case *types.Named:
		tn.named(b, t, mode)
	case *types.Pointer:
		b.WriteByte('*')
		tn.write(b, t.Elem(), mode)
	case *types.Slice:
		b.WriteString("[]")
		tn.write(b, t.Elem(), mode)
	case *types.Array:
		b.WriteByte('[')
		b.WriteString(strconv.FormatInt(t.Len(), 10))
		b.WriteByte(']')
		tn.write(b, t.Elem(), mode)
	case *types.Map:
		b.WriteString("map[")
		tn.write(b, t.Key(), mode)
		b.WriteByte(']')
		tn.write(b, t.Elem(), mode)
	case *types.Chan:
		switch t.Dir() {
		case types.SendRecv:
			b.WriteString("chan ")
			if e, ok := types.Unalias(t.Elem()).(*types.Chan); ok && e.Dir() == types.RecvOnly {
				b.WriteByte('(')
				tn.write(b, e, mode)
				b.WriteByte(')')
				return
			}
		case types.SendOnly:
			b.WriteString("chan<- ")
		case types.RecvOnly:
			b.WriteString("<-chan ")
		}
		tn.write(b, t.Elem(), mode)
	case *types.Signature:
		b.WriteString("func")
		tn.signature(b, t, mode)
	case *types.Interface:
		tn.iface(b, t, mode)
	case *types.Struct:
		tn.structure(b, t, mode)
	case *types.Tuple:
		b.WriteByte('(')
		tn.params(b, t, false, mode)
		b.WriteByte(')')
	default:
		b.WriteString(t.String())
	}
}

func (tn *typeNamer) named(b *strings.Builder, t *types.Named, mode nameMode) {
	obj := t.Obj()
	if p := obj.Pkg(); p != nil {
		if mode == modeName {
			b.WriteString(p.Name())
		} else {
			b.WriteString(pkgPath(p))
		}
		b.WriteByte('.')
	}
	b.WriteString(obj.Name())
	var outer, args []types.Type
	for a := range t.TypeArgs().Types() {
		args = append(args, a)
	}
	if len(args) == 0 && tn.outer != nil {
		outer, args = tn.outer(t)
	}
	for i, a := range slices.Concat(outer, args) {
		switch i {
		case 0:
			b.WriteByte('[')
		case len(outer):
			b.WriteByte(';')
		default:
			b.WriteByte(',')
		}
		tn.write(b, a, modeLink)
	}
	if len(outer)+len(args) > 0 {
		b.WriteByte(']')
	}
	if mode == modeLink && tn.local != nil {
		b.WriteString(tn.local(t))
	}
}

func (tn *typeNamer) signature(b *strings.Builder, t *types.Signature, mode nameMode) {
	b.WriteByte('(')
	tn.params(b, t.Params(), t.Variadic(), mode)
	b.WriteByte(')')
	switch r := t.Results(); r.Len() {
	case 0:
	case 1:
		b.WriteByte(' ')
		tn.write(b, r.At(0).Type(), mode)
	default:
		b.WriteString(" (")
		tn.params(b, r, false, mode)
		b.WriteByte(')')
	}
}

func (tn *typeNamer) params(b *strings.Builder, t *types.Tuple, variadic bool, mode nameMode) {
	for i := range t.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		pt := t.At(i).Type()
		if variadic && i == t.Len()-1 {
			b.WriteString("...")
			if s, ok := pt.Underlying().(*types.Slice); ok {
				pt = s.Elem()
			}
		}
		tn.write(b, pt, mode)
	}
}

func (tn *typeNamer) iface(b *strings.Builder, t *types.Interface, mode nameMode) {
	ms := sortedMethods(t)
	if len(ms) == 0 {
		b.WriteString("interface {}")
		return
	}
	b.WriteString("interface { ")
	for i, m := range ms {
		if i > 0 {
			b.WriteString("; ")
		}
		if !m.Exported() && m.Pkg() != nil {
			if mode == modeName {
				b.WriteString(m.Pkg().Name())
			} else {
				b.WriteString(pkgPath(m.Pkg()))
			}
			b.WriteByte('.')
		}
		b.WriteString(m.Name())
		tn.signature(b, m.Type().(*types.Signature), mode)
	}
	b.WriteString(" }")
}

func (tn *typeNamer) structure(b *strings.Builder, t *types.Struct, mode nameMode) {
	if m := tn.groups[t]; m != nil {
		b.WriteString("map.group[")
		tn.write(b, m.Key(), mode)
		b.WriteByte(']')
		tn.write(b, m.Elem(), mode)
		return
	}
	if t.NumFields() == 0 {
		b.WriteString("struct {}")
		return
	}
	b.WriteString("struct { ")
	for i := range t.NumFields() {
		if i > 0 {
			b.WriteString("; ")
		}
		f := t.Field(i)
		if !f.Embedded() {
			if mode == modeLink && !f.Exported() && f.Pkg() != nil {
				b.WriteString(pkgPath(f.Pkg()))
				b.WriteByte('.')
			}
			b.WriteString(f.Name())
			b.WriteByte(' ')
		}
		tn.write(b, f.Type(), mode)
		if tag := t.Tag(i); tag != "" {
			b.WriteByte(' ')
			b.WriteString(strconv.Quote(tag))
		}
	}
	b.WriteString(" }")
}
