package tree

// Types
//
// The tree holds go/types types, made canonical: of all identical types the first
// one seen stands for the rest, so that pointer comparison and map keys work. Only
// the type itself is canonical, not what it is made of: the element of a canonical
// slice type, a field type or an underlying type must go through Canon again (Elem,
// FieldType and Under do), because a component may be an alias or another copy.

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// canonTable maps types to the first identical type that was seen.
type canonTable struct {
	seen   map[types.Type]types.Type
	byHash map[uint32][]types.Type
	ids    map[types.Type]int32 // of canonical types, for keys
	hasher typeutil.Hasher
}

// Canon returns the type that stands for all types identical to t. Aliases are resolved;
// untyped constants' types become their default types.
func (p *Program) Canon(t types.Type) types.Type {
	if c, ok := p.canon.seen[t]; ok {
		return c
	}
	return p.canonSlow(t)
}

func (p *Program) canonSlow(t types.Type) types.Type {
	c := &p.canon
	if c.seen == nil {
		c.seen = map[types.Type]types.Type{}
		c.byHash = map[uint32][]types.Type{}
		c.ids = map[types.Type]int32{}
		c.hasher = typeutil.MakeHasher()
	}
	u := types.Unalias(t)
	if b, ok := u.(*types.Basic); ok {
		if b.Info()&types.IsUntyped != 0 && b.Kind() != types.UntypedNil {
			u = types.Default(b)
		}
		if k := u.(*types.Basic).Kind(); k > types.Invalid && k <= types.UnsafePointer {
			u = types.Typ[k] // byte and rune are other names
		}
		c.seen[t], c.seen[u] = u, u
		return u
	}
	if x, ok := c.seen[u]; ok {
		c.seen[t] = x
		return x
	}
	h := c.hasher.Hash(u)
	for _, x := range c.byHash[h] {
		if types.Identical(x, u) {
			c.seen[t], c.seen[u] = x, x
			return x
		}
	}
	c.byHash[h] = append(c.byHash[h], u)
	c.seen[t], c.seen[u] = u, u
	return u
}

// typeID numbers canonical types in the order in which they are first asked for.
func (p *Program) typeID(t types.Type) int32 {
	t = p.Canon(t)
	id, ok := p.canon.ids[t]
	if !ok {
		id = int32(len(p.canon.ids) + 1)
		p.canon.ids[t] = id
	}
	return id
}

// typesKey is a map key for a list of types.
func (p *Program) typesKey(ts []types.Type) string {
	if len(ts) == 0 {
		return ""
	}
	var s []byte
	for _, t := range ts {
		s = strconv.AppendInt(s, int64(p.typeID(t)), 36)
		s = append(s, ',')
	}
	return string(s)
}

func (p *Program) canonAll(ts []types.Type) []types.Type {
	out := make([]types.Type, len(ts))
	for i, t := range ts {
		out[i] = p.Canon(t)
	}
	return out
}

// Under returns the canonical underlying type of t.
func (p *Program) Under(t types.Type) types.Type { return p.Canon(t.Underlying()) }

// Elem returns the canonical element type of a pointer, slice, array, map or channel type.
func (p *Program) Elem(t types.Type) types.Type {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return p.Canon(u.Elem())
	case *types.Slice:
		return p.Canon(u.Elem())
	case *types.Array:
		return p.Canon(u.Elem())
	case *types.Map:
		return p.Canon(u.Elem())
	case *types.Chan:
		return p.Canon(u.Elem())
	}
	panic("BUG: tree: element of " + t.String())
}

// Key returns the canonical key type of a map type.
func (p *Program) Key(t types.Type) types.Type {
	return p.Canon(t.Underlying().(*types.Map).Key())
}

// FieldType returns the canonical type of field i of a struct type.
func (p *Program) FieldType(t types.Type, i int) types.Type {
	return p.Canon(t.Underlying().(*types.Struct).Field(i).Type())
}

// PointerTo returns the canonical type *t.
func (p *Program) PointerTo(t types.Type) types.Type { return p.Canon(types.NewPointer(t)) }

// SliceOf returns the canonical type []t.
func (p *Program) SliceOf(t types.Type) types.Type { return p.Canon(types.NewSlice(t)) }

// Tuple returns the canonical tuple of the given types.
func (p *Program) Tuple(ts ...types.Type) types.Type {
	vars := make([]*types.Var, len(ts))
	for i, t := range ts {
		vars[i] = types.NewParam(token.NoPos, nil, "", t)
	}
	return p.Canon(types.NewTuple(vars...))
}

// resultType is the type of a call: the result type, or a tuple for none or several.
func (p *Program) resultType(sig *types.Signature) types.Type {
	if sig.Results().Len() == 1 {
		return p.Canon(sig.Results().At(0).Type())
	}
	if sig.Results().Len() == 0 {
		return noResult
	}
	return p.Canon(sig.Results())
}

// noResult is the type of a call without results and of statements in expression form.
var noResult types.Type = types.NewTuple()

// isIface reports whether t is an interface type.
func isIface(t types.Type) bool {
	_, ok := t.Underlying().(*types.Interface)
	return ok
}

// isEmptyIface reports whether t is an interface type without methods.
func isEmptyIface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() == 0
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// derefPtr returns the element type of a pointer type, or t and false.
func derefPtr(t types.Type) (types.Type, bool) {
	if pt, ok := t.Underlying().(*types.Pointer); ok {
		return pt.Elem(), true
	}
	return t, false
}

// LocalType tells where an instance of a type declared inside a generic function comes from.
type LocalType struct {
	Origin *types.TypeName // the declaration
	Args   []types.Type    // type arguments of the enclosing function instance
	Own    []types.Type    // type arguments of the type, if it is generic itself
}

// LocalType returns the origin of a type that was made for a type declaration inside a generic function.
func (p *Program) LocalType(t *types.Named) (LocalType, bool) {
	l, ok := p.localOf[t.Obj()]
	return l, ok
}

// LocalNumber numbers the types of a package that are declared in functions, from 1 in the order of the source;
// aliases have none. The number of all others is 0.
func (p *Program) LocalNumber(t *types.Named) int {
	o := t.Obj()
	if l, ok := p.localOf[o]; ok {
		o = l.Origin
	}
	pkg := p.load.Package(o.Pkg())
	if pkg == nil || o.Parent() == o.Pkg().Scope() || pkg.Info == nil {
		return 0
	}
	if n, ok := p.localNumber[o]; ok {
		return n
	}
	var all []*types.TypeName
	for _, d := range pkg.Info.Defs {
		if n, ok := d.(*types.TypeName); ok && !n.IsAlias() && n.Parent() != o.Pkg().Scope() {
			if _, ok := n.Type().(*types.Named); ok {
				all = append(all, n)
			}
		}
	}
	file := func(n *types.TypeName) int {
		return slices.IndexFunc(pkg.Files, func(f *ast.File) bool { return f.FileStart <= n.Pos() && n.Pos() < f.FileEnd })
	}
	slices.SortFunc(all, func(a, b *types.TypeName) int {
		return cmp.Or(cmp.Compare(file(a), file(b)), cmp.Compare(a.Pos(), b.Pos()))
	})
	for i, n := range all {
		p.localNumber[n] = i + 1
	}
	return p.localNumber[o]
}

// TypeName is the name of t in symbols: import paths in full, and the same for identical types.
// Types of one name declared in different functions have the same name.
func (p *Program) TypeName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return p.Canon(t).String()
	case *types.Named:
		name := t.Obj().Name()
		if pkg := t.Obj().Pkg(); pkg != nil {
			name = pkg.Path() + "." + name
		}
		if l, ok := p.localOf[t.Obj()]; ok {
			return name + p.argList(l.Args) + p.argList(l.Own)
		}
		args := make([]types.Type, t.TypeArgs().Len())
		for i := range args {
			args[i] = t.TypeArgs().At(i)
		}
		return name + p.argList(args)
	case *types.Pointer:
		return "*" + p.TypeName(t.Elem())
	case *types.Slice:
		return "[]" + p.TypeName(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + p.TypeName(t.Elem())
	case *types.Map:
		return "map[" + p.TypeName(t.Key()) + "]" + p.TypeName(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + p.TypeName(t.Elem())
		case types.RecvOnly:
			return "<-chan " + p.TypeName(t.Elem())
		}
		if e, ok := types.Unalias(t.Elem()).(*types.Chan); ok && e.Dir() == types.RecvOnly {
			return "chan (" + p.TypeName(e) + ")"
		}
		return "chan " + p.TypeName(t.Elem())
	case *types.Signature:
		return "func" + p.sigName(t)
	case *types.Struct:
		var sb strings.Builder
		sb.WriteString("struct {")
		for i := range t.NumFields() {
			if i > 0 {
				sb.WriteByte(';')
			}
			f := t.Field(i)
			sb.WriteByte(' ')
			if !f.Embedded() {
				if !f.Exported() && f.Pkg() != nil {
					sb.WriteString(f.Pkg().Path() + ".")
				}
				sb.WriteString(f.Name() + " ")
			}
			sb.WriteString(p.TypeName(f.Type()))
			if t.Tag(i) != "" {
				sb.WriteString(" " + strconv.Quote(t.Tag(i)))
			}
		}
		if t.NumFields() > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteByte('}')
		return sb.String()
	case *types.Interface:
		var sb strings.Builder
		sb.WriteString("interface {")
		for i, m := range p.MethodSet(t) {
			if i > 0 {
				sb.WriteByte(';')
			}
			sb.WriteByte(' ')
			if !m.Exported() {
				sb.WriteString(m.Fn.Pkg().Path() + ".")
			}
			sb.WriteString(m.Name() + p.sigName(m.Sig))
		}
		if t.NumMethods() > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteByte('}')
		return sb.String()
	}
	return types.TypeString(t, func(pkg *types.Package) string { return pkg.Path() })
}

// sigName is the parameters and results of a function type, without names.
func (p *Program) sigName(sig *types.Signature) string {
	list := func(t *types.Tuple, variadic bool) string {
		out := make([]string, t.Len())
		for i := range out {
			if variadic && i == len(out)-1 {
				if s, ok := t.At(i).Type().Underlying().(*types.Slice); ok {
					out[i] = "..." + p.TypeName(s.Elem())
					continue
				}
			}
			out[i] = p.TypeName(t.At(i).Type())
		}
		return "(" + strings.Join(out, ", ") + ")"
	}
	s := list(sig.Params(), sig.Variadic())
	switch sig.Results().Len() {
	case 0:
		return s
	case 1:
		return s + " " + p.TypeName(sig.Results().At(0).Type())
	}
	return s + " " + list(sig.Results(), false)
}

func (p *Program) argList(args []types.Type) string {
	if len(args) == 0 {
		return ""
	}
	var sb strings.Builder
	sb.WriteByte('[')
	for i, a := range args {
		if i > 0 {
			sb.WriteByte(',')
		}
		sb.WriteString(p.TypeName(a))
	}
	sb.WriteByte(']')
	return sb.String()
}

// MethodInfo is one method of a method set.
type MethodInfo struct {
	Fn       *types.Func // the method, or the interface method for an interface type or an embedded interface
	Index    []int       // path of embedded fields, then the method's own index
	Indirect bool        // a pointer is followed on the way
	Sig      *types.Signature
}

// Name is the method's name.
func (m MethodInfo) Name() string { return m.Fn.Name() }

// Exported reports whether the name is exported.
func (m MethodInfo) Exported() bool { return m.Fn.Exported() }

// methodLess orders methods as type descriptors do: exported names first, then by name, then
// (unexported) by import path.
func methodLess(a, b *types.Func) bool {
	ea, eb := a.Exported(), b.Exported()
	if ea != eb {
		return ea
	}
	if a.Name() != b.Name() {
		return a.Name() < b.Name()
	}
	if !ea && a.Pkg() != nil && b.Pkg() != nil {
		return a.Pkg().Path() < b.Pkg().Path()
	}
	return false
}

// MethodSet returns the methods of t (for an interface type, its methods) in the order of type
// descriptors and itabs. The signatures have no receiver.
func (p *Program) MethodSet(t types.Type) []MethodInfo {
	t = p.Canon(t)
	if ms, ok := p.msets[t]; ok {
		return ms
	}
	var out []MethodInfo
	if it, ok := t.Underlying().(*types.Interface); ok {
		for i := range it.NumMethods() {
			f := it.Method(i)
			out = append(out, MethodInfo{Fn: f, Index: []int{i}, Sig: p.plainSig(f)})
		}
	} else if mayHaveMethods(t) {
		ms := types.NewMethodSet(t)
		out = make([]MethodInfo, 0, ms.Len())
		for i := range ms.Len() {
			s := ms.At(i)
			f := s.Obj().(*types.Func)
			out = append(out, MethodInfo{Fn: f, Index: s.Index(), Indirect: s.Indirect(), Sig: p.plainSig(f)})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return methodLess(out[i].Fn, out[j].Fn) })
	p.msets[t] = out
	return out
}

// mayHaveMethods avoids the work of a method set for the many types that have none.
func mayHaveMethods(t types.Type) bool {
	switch t := t.(type) {
	case *types.Named:
		return true
	case *types.Pointer:
		if _, ok := types.Unalias(t.Elem()).(*types.Pointer); ok {
			return false
		}
		return mayHaveMethods(types.Unalias(t.Elem()))
	case *types.Struct:
		return true
	}
	return false
}

// plainSig is the signature of a method without its receiver.
func (p *Program) plainSig(f *types.Func) *types.Signature {
	sig := f.Type().(*types.Signature)
	return p.Canon(types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())).(*types.Signature)
}

// FieldOffset is the offset, in bytes, of the field that f selects.
func (p *Program) FieldOffset(f *Field) int64 {
	st := f.X.Type().Underlying().(*types.Struct)
	fields := make([]*types.Var, f.I+1)
	for i := range fields {
		fields[i] = st.Field(i)
	}
	return p.Sizes.Offsetsof(fields)[f.I]
}
