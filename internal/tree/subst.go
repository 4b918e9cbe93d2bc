package tree

// Substitution of type parameters
//
// A substitution maps the type parameters of one generic function (or of the
// receiver of a method of a generic type) to type arguments. It walks a type and
// rebuilds what contains a parameter. Two kinds of named types need care: an
// instance (List[T]) is instantiated anew through the program's types.Context, and
// a type declared inside the generic function is a different type for each list of
// arguments: it gets a copy, made once per list, entered in the table before its
// underlying type is substituted because it may refer to itself.

import (
	"go/token"
	"go/types"
)

// substitution is immutable but for its cache.
type substitution struct {
	p          *Program
	params     map[*types.TypeParam]types.Type
	args       []types.Type
	key        string
	start, end token.Pos // extent of the generic function: local types lie inside
	cache      map[types.Type]types.Type
}

// localKey names an instance of a type declared in a generic function.
type localKey struct {
	obj  *types.TypeName
	args string
}

// newSubstitution returns nil when there is nothing to substitute.
func (p *Program) newSubstitution(params *types.TypeParamList, args []types.Type, start, end token.Pos) *substitution {
	if params.Len() == 0 {
		return nil
	}
	s := &substitution{p: p, params: map[*types.TypeParam]types.Type{}, args: args, key: p.typesKey(args),
		start: start, end: end, cache: map[types.Type]types.Type{}}
	for i := range params.Len() {
		s.params[params.At(i)] = args[i]
	}
	return s
}

// typ returns t with type arguments put in (not yet canonical).
func (s *substitution) typ(t types.Type) types.Type {
	if s == nil {
		return t
	}
	if r, ok := s.cache[t]; ok {
		return r
	}
	r := s.walk(t)
	s.cache[t] = r
	return r
}

func (s *substitution) walk(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Basic:
		return t
	case *types.Alias:
		return s.typ(types.Unalias(t))
	case *types.TypeParam:
		if a, ok := s.params[t]; ok {
			return a
		}
		return t
	case *types.Pointer:
		if e := s.typ(t.Elem()); e != t.Elem() {
			return types.NewPointer(e)
		}
	case *types.Slice:
		if e := s.typ(t.Elem()); e != t.Elem() {
			return types.NewSlice(e)
		}
	case *types.Array:
		if e := s.typ(t.Elem()); e != t.Elem() {
			return types.NewArray(e, t.Len())
		}
	case *types.Chan:
		if e := s.typ(t.Elem()); e != t.Elem() {
			return types.NewChan(t.Dir(), e)
		}
	case *types.Map:
		k, e := s.typ(t.Key()), s.typ(t.Elem())
		if k != t.Key() || e != t.Elem() {
			return types.NewMap(k, e)
		}
	case *types.Tuple:
		return s.tuple(t)
	case *types.Signature:
		p, r := s.tuple(t.Params()), s.tuple(t.Results())
		if p != t.Params() || r != t.Results() || t.Recv() != nil || t.TypeParams().Len() > 0 {
			return types.NewSignatureType(nil, nil, nil, p, r, t.Variadic())
		}
	case *types.Struct:
		return s.structure(t)
	case *types.Interface:
		return s.iface(t)
	case *types.Union:
		terms := make([]*types.Term, t.Len())
		for i := range terms {
			terms[i] = types.NewTerm(t.Term(i).Tilde(), s.typ(t.Term(i).Type()))
		}
		return types.NewUnion(terms)
	case *types.Named:
		return s.named(t)
	}
	return t
}

func (s *substitution) tuple(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for i := range t.Len() {
		v := t.At(i)
		n := s.typ(v.Type())
		if n != v.Type() && vars == nil {
			vars = make([]*types.Var, t.Len())
			for j := range i {
				vars[j] = t.At(j)
			}
		}
		if vars != nil {
			vars[i] = v
			if n != v.Type() {
				vars[i] = types.NewParam(v.Pos(), v.Pkg(), v.Name(), n)
			}
		}
	}
	if vars == nil {
		return t
	}
	return types.NewTuple(vars...)
}

func (s *substitution) structure(t *types.Struct) types.Type {
	changed := false
	fields := make([]*types.Var, t.NumFields())
	tags := make([]string, t.NumFields())
	for i := range fields {
		f := t.Field(i)
		tags[i] = t.Tag(i)
		fields[i] = f
		if n := s.typ(f.Type()); n != f.Type() {
			fields[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), n, f.Embedded())
			changed = true
		}
	}
	if !changed {
		return t
	}
	return types.NewStruct(fields, tags)
}

func (s *substitution) iface(t *types.Interface) types.Type {
	changed := false
	methods := make([]*types.Func, t.NumExplicitMethods())
	for i := range methods {
		m := t.ExplicitMethod(i)
		sig := m.Type().(*types.Signature)
		p, r := s.tuple(sig.Params()), s.tuple(sig.Results())
		methods[i] = m
		if p != sig.Params() || r != sig.Results() {
			methods[i] = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), types.NewSignatureType(nil, nil, nil, p, r, sig.Variadic()))
			changed = true
		}
	}
	embeds := make([]types.Type, t.NumEmbeddeds())
	for i := range embeds {
		embeds[i] = s.typ(t.EmbeddedType(i))
		changed = changed || embeds[i] != t.EmbeddedType(i)
	}
	if !changed {
		return t
	}
	for i, m := range methods { // methods belong to one interface: copy the unchanged ones too
		if m == t.ExplicitMethod(i) {
			sig := m.Type().(*types.Signature)
			methods[i] = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic()))
		}
	}
	return types.NewInterfaceType(methods, embeds).Complete()
}

func (s *substitution) named(t *types.Named) types.Type {
	if args := t.TypeArgs(); args.Len() > 0 {
		changed := false
		n := make([]types.Type, args.Len())
		for i := range n {
			n[i] = s.p.Canon(s.typ(args.At(i)))
			changed = changed || n[i] != args.At(i)
		}
		if obj := t.Obj(); s.declares(obj) {
			return s.local(obj, n, func() types.Type { return s.instantiate(t, n) })
		}
		if !changed {
			return t
		}
		return s.instantiate(t, n)
	}
	if obj := t.Obj(); s.declares(obj) {
		return s.local(obj, nil, func() types.Type { return t })
	}
	return t
}

func (s *substitution) instantiate(t *types.Named, args []types.Type) types.Type {
	inst, err := types.Instantiate(s.p.ctxt, t.Origin(), args, false)
	if err != nil {
		panic("BUG: tree: instantiate " + t.String() + ": " + err.Error())
	}
	return inst
}

// declares reports whether the type is declared inside the generic function.
func (s *substitution) declares(obj *types.TypeName) bool {
	return obj.Pkg() != nil && obj.Parent() != obj.Pkg().Scope() && s.start <= obj.Pos() && obj.Pos() < s.end
}

// local is the copy of a local type for the arguments of the function and, if the type is generic too, own ones.
func (s *substitution) local(obj *types.TypeName, own []types.Type, typ func() types.Type) types.Type {
	key := localKey{obj, s.key}
	if len(own) > 0 {
		key.args += ";" + s.p.typesKey(own)
	}
	if n, ok := s.p.locals[key]; ok {
		return n
	}
	name := types.NewTypeName(obj.Pos(), obj.Pkg(), obj.Name(), nil)
	n := types.NewNamed(name, nil, nil)
	s.p.locals[key] = n
	s.p.localOf[name] = LocalType{obj, s.args, own}
	n.SetUnderlying(s.typ(typ().Underlying()).Underlying())
	return n
}
