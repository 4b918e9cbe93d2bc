package lower

// Package initialisation
//
// The packages' initialisers run in one made function, go:init, which the guest's
// runtime.main calls before main.main: for each package in its order the initialisers
// of variables that are live, then its init functions. An initialiser of a variable is
// live when it may have an effect, or when something refers to one of its variables;
// one whose value is data (static.go) needs no code at all. So go:init is made last,
// when the set of functions is closed otherwise.

import (
	"errors"
	"go/types"

	"github.com/terrarium-go/terrarium/internal/tree"
)

// initialisers is the state of package initialisation.
type initialisers struct {
	fn     *tree.Func // go:init
	all    []*tree.PackageInit
	byVar  map[*tree.Var]*tree.Init // initialisers without effect, and what they assign
	live   map[*tree.Init]bool      // those that run as code
	static map[*tree.Init]bool      // those that became data
	sealed bool                     // fn has its body
}

// openInits finds the initialisers and wants those that may have an effect.
func (k *linker) openInits() error {
	in := &k.inits
	in.byVar, in.live, in.static = map[*tree.Var]*tree.Init{}, map[*tree.Init]bool{}, map[*tree.Init]bool{}
	if err := guard("building", k.hooks["runtime.main"], func() { k.p.Build(k.hooks["runtime.main"]) }); err != nil {
		return err
	}
	in.fn = k.bySym("go:init")
	if in.fn == nil {
		return errors.New("BUG: the guest's runtime.main does not call go:init")
	}
	in.fn.Extern, in.fn.State, in.fn.Name = false, tree.Ordered, "runtime.doInit"
	k.queued[in.fn] = true // for sealInits
	in.all = k.p.Inits()
	for _, p := range in.all {
		for _, v := range p.Vars {
			for _, l := range v.Lhs {
				if l != nil {
					in.byVar[l] = v
				}
			}
		}
	}
	for _, p := range in.all {
		for _, v := range p.Vars {
			if !v.Plain && k.effect(v) {
				k.runInit(v)
			}
		}
		for _, f := range p.Funcs {
			k.want(f)
		}
	}
	for _, sym := range hostVars {
		if v := k.p.GlobalBySym(sym); v != nil {
			k.global(v)
		}
	}
	return nil
}

// hostVars are the variables that host functions use: they are in the image whether guest code refers to them or not.
var hostVars = []string{"runtime.zeroVal", "runtime.smallInts"}

// effect reports whether an initialiser does more than give its variables their values.
func (k *linker) effect(v *tree.Init) bool {
	rhs := k.p.BuildInit(v)
	return rhs == nil || !tree.Pure(rhs)
}

// runInit makes an initialiser live, as code or as data.
func (k *linker) runInit(v *tree.Init) {
	in := &k.inits
	if in.live[v] || in.static[v] {
		return
	}
	if k.staticInit(v) {
		in.static[v] = true
		return
	}
	in.live[v] = true
	k.want(v.F)
}

// sealInits gives go:init its body.
func (k *linker) sealInits() {
	in := &k.inits
	in.sealed = true
	call := func(f *tree.Func) {
		at := tree.At{P: f.Pos}
		in.fn.Body = append(in.fn.Body, &tree.ExprStmt{At: at, X: &tree.Call{Typed: tree.Typed{At: at, T: types.NewTuple()}, F: f}})
	}
	in.fn.Body = []tree.Stmt{}
	for _, p := range in.all {
		for _, v := range p.Vars {
			if in.live[v] {
				call(v.F)
			}
		}
		for _, f := range p.Funcs {
			call(f)
		}
	}
	k.queue = append(k.queue, in.fn)
}

// global is the storage of a package-level variable.
func (k *linker) global(v *tree.Var) *object {
	o := k.globals[v]
	if o != nil {
		return o
	}
	l := k.ls.Of(v.T)
	if l.Size == 0 { // at the address of all things without size
		o = k.data(zeroBase)
		k.globals[v] = o
		k.globalOrder = append(k.globalOrder, v)
		if in := k.inits.byVar[v]; in != nil {
			k.runInit(in)
		}
		return o
	}
	o = &object{name: "var:" + v.Sym, sect: secBSS, size: l.Size, align: max(l.Align, 8), layout: l}
	k.globals[v] = o
	k.globalOrder = append(k.globalOrder, v)
	if in := k.inits.byVar[v]; in != nil {
		k.runInit(in)
	}
	k.im.add(o)
	return o
}
