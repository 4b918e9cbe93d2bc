package escape

// Types as the real compiler prints them in messages: "interface {}" and "struct { a int }" with blanks, type arguments
// as in linker symbols (import paths in full, uint8 for byte).

import (
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

func (a *Analyzer) typeText(t types.Type) string {
	w := typeWriter{a: a}
	w.typ(t)
	return w.String()
}

// spelled is t, the type of the expression at pos, as the source spells it there.
func (a *Analyzer) spelled(pos token.Pos, t types.Type) string {
	return a.typeText(a.p.Spelled(pos, t))
}

// universeAny is what any stands for; empty interfaces written otherwise are other types until they are canonical.
var universeAny = types.Universe.Lookup("any").Type().Underlying()

type typeWriter struct {
	strings.Builder
	a    *Analyzer
	link bool // inside type arguments
}

func (w *typeWriter) typ(t types.Type) {
	if s, ok := w.a.shapes[t]; ok {
		w.WriteString(s)
		return
	}
	switch t := t.(type) {
	case *types.Basic:
		switch {
		case t.Kind() == types.UnsafePointer:
			w.WriteString("unsafe.Pointer")
		case w.link:
			w.WriteString(types.Typ[t.Kind()].Name())
		default:
			w.WriteString(t.Name())
		}
	case *types.Alias:
		if !w.link && t.Obj().Pkg() == nil {
			w.WriteString(t.Obj().Name()) // any
			return
		}
		w.typ(types.Unalias(t))
	case *types.TypeParam:
		if i := t.Index(); i < len(w.a.params) {
			w.WriteString(w.a.params[i])
			return
		}
		w.WriteString(t.Obj().Name())
	case *types.Named:
		w.named(t)
	case *types.Pointer:
		w.WriteByte('*')
		w.typ(t.Elem())
	case *types.Slice:
		w.WriteString("[]")
		w.typ(t.Elem())
	case *types.Array:
		w.WriteString("[" + strconv.FormatInt(t.Len(), 10) + "]")
		w.typ(t.Elem())
	case *types.Map:
		w.WriteString("map[")
		w.typ(t.Key())
		w.WriteByte(']')
		w.typ(t.Elem())
	case *types.Chan:
		w.channel(t)
	case *types.Struct:
		w.fields(t)
	case *types.Interface:
		if t == universeAny && !w.link {
			w.WriteString("any")
			return
		}
		w.methods(t)
	case *types.Signature:
		w.WriteString("func")
		w.signature(t)
	default:
		w.WriteString(types.TypeString(t, w.qualifier))
	}
}

func (w *typeWriter) qualifier(p *types.Package) string {
	switch {
	case w.link:
		return p.Path()
	case w.a.local(p):
		return ""
	}
	return p.Name()
}

func (w *typeWriter) named(t *types.Named) {
	obj := t.Obj()
	if obj.Pkg() != nil {
		if q := w.qualifier(obj.Pkg()); q != "" {
			w.WriteString(q + ".")
		}
	}
	w.WriteString(obj.Name())
	if args := t.TypeArgs(); args.Len() > 0 {
		was := w.link
		w.link = true
		w.WriteByte('[')
		for i := range args.Len() {
			if i > 0 {
				w.WriteByte(',')
			}
			w.typ(args.At(i))
		}
		w.WriteByte(']')
		w.link = was
	}
}

func (w *typeWriter) channel(t *types.Chan) {
	switch t.Dir() {
	case types.RecvOnly:
		w.WriteString("<-chan ")
	case types.SendOnly:
		w.WriteString("chan<- ")
	default:
		w.WriteString("chan ")
		if e, ok := t.Elem().(*types.Chan); ok && e.Dir() == types.RecvOnly {
			w.WriteByte('(')
			w.typ(e)
			w.WriteByte(')')
			return
		}
	}
	w.typ(t.Elem())
}

func (w *typeWriter) fields(t *types.Struct) {
	w.WriteString("struct {")
	for i := range t.NumFields() {
		if i > 0 {
			w.WriteByte(';')
		}
		w.WriteByte(' ')
		f := t.Field(i)
		if !f.Embedded() {
			if w.link && !f.Exported() {
				w.WriteString(f.Pkg().Path() + ".")
			}
			w.WriteString(f.Name() + " ")
		}
		w.typ(f.Type())
		if tag := t.Tag(i); tag != "" {
			w.WriteString(" " + strconv.Quote(tag))
		}
	}
	if t.NumFields() > 0 {
		w.WriteByte(' ')
	}
	w.WriteByte('}')
}

func (w *typeWriter) methods(t *types.Interface) {
	w.WriteString("interface {")
	for i := range t.NumMethods() {
		if i > 0 {
			w.WriteByte(';')
		}
		m := t.Method(i)
		w.WriteString(" " + m.Name())
		w.signature(m.Type().(*types.Signature))
	}
	if t.NumMethods() > 0 {
		w.WriteByte(' ')
	}
	w.WriteByte('}')
}

// signature names no parameters.
func (w *typeWriter) signature(t *types.Signature) {
	w.tuple(t.Params(), t.Variadic())
	switch r := t.Results(); {
	case r.Len() == 1:
		w.WriteByte(' ')
		w.typ(r.At(0).Type())
	case r.Len() > 0:
		w.WriteByte(' ')
		w.tuple(r, false)
	}
}

func (w *typeWriter) tuple(t *types.Tuple, variadic bool) {
	w.WriteByte('(')
	for i := range t.Len() {
		if i > 0 {
			w.WriteString(", ")
		}
		v := t.At(i)
		if s, ok := v.Type().(*types.Slice); ok && variadic && i == t.Len()-1 {
			w.WriteString("...")
			w.typ(s.Elem())
			continue
		}
		w.typ(v.Type())
	}
	w.WriteByte(')')
}
