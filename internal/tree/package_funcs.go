package tree

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"slices"
)

// HeadPos is where the messages of the real compiler about f as a whole point: behind the keyword of a declaration, at
// its receiver or its name, or at the keyword of a literal.
func (p *Program) HeadPos(f *Func) token.Pos {
	if f.Obj == nil {
		return f.Pos
	}
	if d := p.load.FuncDecl(f.Obj); d != nil && d.Recv != nil {
		return d.Recv.Opening
	}
	return f.Obj.Pos()
}

// PackageFuncs returns the functions of a package: the initialisers of its variables, every declared
// function and method that is not generic and has a name, in source order, and the methods of the instances of its generic types that it
// names. path is the package's path in linker symbols.
func (p *Program) PackageFuncs(path string) []*Func {
	var out []*Func
	for _, in := range p.Inits() {
		if in.Path != path && !(path == "main" && p.load.Main != nil && in.Path == p.load.Main.Path) {
			continue
		}
		for _, v := range in.Vars {
			if !p.dropped(v) {
				out = append(out, v.F)
			}
		}
	}
	for _, pkg := range p.load.Packages {
		if pkg.LinkPath != path {
			continue
		}
		inits := 0
		pkg.FuncDecls(func(obj *types.Func, d *ast.FuncDecl) {
			sig := obj.Type().(*types.Signature)
			switch {
			case sig.TypeParams().Len() > 0 || sig.RecvTypeParams().Len() > 0, d.Name.Name == "_":
			case d.Recv == nil && d.Name.Name == "init" && d.Body != nil:
				out = append(out, p.initFunc(obj, inits))
				inits++
			default:
				f := p.FuncOf(obj, nil)
				if f.Obj != obj {
					f = p.bodyless(obj)
				}
				out = append(out, f)
			}
		})
		out = append(out, p.instances(pkg)...)
	}
	return out
}

// dropped reports whether the real compiler drops an initialiser: it is of blank variables, and has no effect.
func (p *Program) dropped(v *Init) bool {
	for _, l := range v.Lhs {
		if l != nil {
			return false
		}
	}
	if !v.Plain {
		return false
	}
	literal := false
	WalkExpr(p.BuildInit(v), func(n Node) bool {
		switch n := n.(type) {
		case *Closure:
			literal = true
		case *FuncRef:
			literal = literal || n.F.Outer != nil
		}
		return true
	})
	return !literal
}

// bodyless is obj, a declaration without a body, as the real compiler has it: it does not know the function that provides the body.
func (p *Program) bodyless(obj *types.Func) *Func {
	sym := p.load.Symbol(obj)
	f := &Func{Sym: sym, Name: sym, Obj: obj, Pkg: obj.Pkg().Path(), Extern: true, Flags: p.pragma(obj)}
	if d := p.load.FuncDecl(obj); d != nil {
		f.Pos, f.End = d.Type.Func, d.End()
	}
	p.signature(f, obj.Type().(*types.Signature), nil)
	return f
}

// HasWrapper reports whether f, an instance of a generic function or method, is named with these type arguments in its own package
// outside of generic functions, or is a method of a type that is. The real compiler then has a wrapper that calls it with a dictionary.
func (p *Program) HasWrapper(f *Func) bool {
	pkg := p.load.Package(f.Obj.Pkg())
	if pkg == nil {
		return false
	}
	if _, ok := p.wrapped[pkg]; !ok {
		p.instances(pkg)
	}
	return p.wrapped[pkg][f]
}

// instances returns the instances that pkg names of its own generic functions, and the methods of those of its generic types that
// it names or that are parts of one it names: the real compiler compiles these whether anybody calls them or not.
func (p *Program) instances(pkg *loadPackage) (methods []*Func) {
	seen := map[types.Type]bool{}
	wrapped := map[*Func]bool{}
	var see func(t types.Type)
	see = func(t types.Type) {
		if t = p.Canon(t); seen[t] {
			return
		}
		seen[t] = true
		switch t.(type) {
		case *types.Signature, *types.Interface: // what is named there is no part of a value
			return
		}
		for x := range parts(t) {
			see(x)
		}
		if t, ok := t.(*types.Named); ok {
			if t.TypeArgs().Len() > 0 && t.Obj().Pkg() == pkg.Types && !isIface(t) {
				for m := range t.Methods() {
					f := p.methodFunc(m, t)
					methods = append(methods, f)
					wrapped[f] = true
				}
			}
			see(t.Underlying())
		}
	}
	var ids []*ast.Ident
	for id := range pkg.Info.Instances {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b *ast.Ident) int { return cmp.Compare(a.Pos(), b.Pos()) })
	for _, id := range ids {
		in := pkg.Info.Instances[id]
		if !closed(in.TypeArgs) {
			continue
		}
		if obj, ok := pkg.Info.Uses[id].(*types.Func); !ok {
			see(in.Type)
		} else if obj.Pkg() == pkg.Types {
			wrapped[p.FuncOf(obj, slices.Collect(in.TypeArgs.Types()))] = true
		}
	}
	if p.wrapped == nil {
		p.wrapped = map[*loadPackage]map[*Func]bool{}
	}
	p.wrapped[pkg] = wrapped
	return methods
}

// closed reports whether the types are the same in all instances of what is around them: no type parameter is in them.
func closed(list *types.TypeList) bool {
	for t := range list.Types() {
		if !closedType(t) {
			return false
		}
	}
	return true
}

func closedType(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return false
	case *types.Named:
		if inGeneric(t.Obj()) {
			return false
		}
	}
	for x := range parts(types.Unalias(t)) {
		if !closedType(x) {
			return false
		}
	}
	return true
}

// parts yields the types that t is written with: of a type with a name, its type arguments.
func parts(t types.Type) iter.Seq[types.Type] {
	return func(yield func(types.Type) bool) {
		switch t := t.(type) {
		case *types.Named:
			t.TypeArgs().Types()(yield)
		case interface{ Elem() types.Type }: // a pointer, slice, array, channel or map
			if m, ok := t.(*types.Map); ok && !yield(m.Key()) {
				return
			}
			yield(t.Elem())
		case *types.Struct:
			each(t.Fields(), yield)
		case *types.Signature:
			_ = each(t.Params().Variables(), yield) && each(t.Results().Variables(), yield)
		case *types.Interface:
			if each(t.ExplicitMethods(), yield) {
				t.EmbeddedTypes()(yield)
			}
		case *types.Union:
			for term := range t.Terms() {
				if !yield(term.Type()) {
					return
				}
			}
		}
	}
}

// each yields the types of objects and reports whether more are wanted.
func each[T types.Object](list iter.Seq[T], yield func(types.Type) bool) bool {
	for x := range list {
		if !yield(x.Type()) {
			return false
		}
	}
	return true
}

// inGeneric reports whether obj is declared inside of a generic function.
func inGeneric(obj types.Object) bool {
	if obj.Pkg() == nil {
		return false
	}
	for s := obj.Parent(); s != nil && s != obj.Pkg().Scope(); s = s.Parent() {
		for _, name := range s.Names() {
			if _, ok := s.Lookup(name).Type().(*types.TypeParam); ok {
				return true
			}
		}
	}
	return false
}
