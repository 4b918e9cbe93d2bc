package lower

// Interface tables and the life of methods
//
// A method that is called only through interfaces or by reflection is in the program
// when somebody may call it. The rule is that of the gc linker:
//
//   - a method of a type with a descriptor is needed when its name and signature are
//     those of a needed interface method: one that reachable code calls, or one of an
//     interface type that reflection can reach;
//   - when reachable code uses reflect's Method or MethodByName, every exported
//     method of every type with a descriptor is needed.
//
// Until then its entries are sentinels: -1 in the method table, and in an itab the
// function go:unreachable, which traps. The type of the method is entered earlier, as
// soon as an interface type with such a method has a descriptor, because a conversion
// at run time compares types to find out what implements what; that takes no new
// descriptors. methodNeeds keeps the open entries by name and signature.

import (
	"go/types"
	"strconv"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// methodKey identifies interface methods that one concrete method satisfies.
type methodKey struct {
	name string
	pkg  string     // path, for unexported names
	sig  types.Type // canonical, without receiver
}

type methodNeeds struct {
	matched map[methodKey]bool // by a method of an interface type that has a descriptor
	types   map[methodKey][]func()

	needed map[methodKey]bool
	open   map[methodKey][]func()
	export []func() // entries of exported methods, for reflection; nil once everything is needed
	all    bool
	queue  []func() // entries to complete; run by settle
}

func newMethodNeeds() methodNeeds {
	return methodNeeds{matched: map[methodKey]bool{}, types: map[methodKey][]func(){}, needed: map[methodKey]bool{}, open: map[methodKey][]func(){}}
}

func (m *method) key() methodKey {
	k := methodKey{name: m.name, sig: m.sig}
	if m.pkg != nil {
		k.pkg = m.pkg.Path()
	}
	return k
}

// add registers a table entry that complete fills in when the method is needed.
func (n *methodNeeds) add(m *method, complete func()) {
	k := m.key()
	done := false
	once := func() {
		if !done {
			done = true
			complete()
		}
	}
	if n.needed[k] || n.all && m.exported() {
		n.queue = append(n.queue, once)
		return
	}
	n.open[k] = append(n.open[k], once)
	if m.exported() {
		n.export = append(n.export, once)
	}
}

// addType registers the entry of a method's type.
func (n *methodNeeds) addType(m *method, complete func()) {
	k := m.key()
	if n.matched[k] || n.needed[k] || n.all && m.exported() {
		n.queue = append(n.queue, complete)
		return
	}
	n.types[k] = append(n.types[k], complete)
}

// match enters the types of the methods that satisfy an interface method.
func (n *methodNeeds) match(k methodKey) {
	if !n.matched[k] {
		n.matched[k] = true
		n.queue = append(n.queue, n.types[k]...)
		delete(n.types, k)
	}
}

// demand marks the methods that satisfy an interface method as needed.
func (n *methodNeeds) demand(k methodKey) {
	if n.needed[k] {
		return
	}
	n.needed[k] = true
	n.match(k)
	n.queue = append(n.queue, n.open[k]...)
	delete(n.open, k)
}

// demandExported marks every exported method as needed.
func (n *methodNeeds) demandExported() {
	if !n.all {
		n.all = true
		n.queue = append(n.queue, n.export...)
		n.export = nil
	}
}

// settle completes entries until none is left and reports whether there were any.
func (n *methodNeeds) settle() bool {
	any := len(n.queue) > 0
	for len(n.queue) > 0 {
		q := n.queue
		n.queue = nil
		for _, f := range q {
			f()
		}
	}
	return any
}

// needInterface marks all methods of an interface type as needed.
func (d *descriptors) needInterface(t *types.Interface) {
	for i := range t.NumMethods() {
		d.needMethod(t.Method(i))
	}
}

// needMethod marks an interface method as called.
func (d *descriptors) needMethod(m *types.Func) { d.need.demand(d.keyOf(m)) }

// keyOf is the key of an interface method.
func (d *descriptors) keyOf(m *types.Func) methodKey {
	k := methodKey{name: m.Name(), sig: d.world.Canon(withoutReceiver(m.Type().(*types.Signature)))}
	if !m.Exported() && m.Pkg() != nil {
		k.pkg = m.Pkg().Path()
	}
	return k
}

type itabKey struct{ typ, iface types.Type }

// itab returns the table of a concrete type for an interface type that it implements.
func (d *descriptors) itab(t, iface types.Type, unreachable *tree.Func) *object {
	t, iface = d.world.Canon(t), d.world.Canon(iface)
	key := itabKey{t, iface}
	if o := d.itabs[key]; o != nil {
		return o
	}
	r := &d.abi.itab
	want := sortedMethods(iface.Underlying().(*types.Interface))
	fun := r.at("Fun")
	o := newObject("itab:"+d.namer.text(t, modeLink)+","+d.namer.text(iface, modeLink), secRO, fun+int64(len(want))*8, 8)
	d.itabs[key] = o
	d.tabs = append(d.tabs, o)
	d.im.add(o)
	o.addrOf(r.at("Inter"), d.of(iface), 0)
	o.addrOf(r.at("Type"), d.of(t), 0)
	d.reflected(t)
	o.put(r.at("Hash"), 4, uint64(d.hashOf(t)))
	have := d.world.Methods(t)
	next := 0
	for i, w := range want {
		for next < len(have) && !(have[next].name == w.Name() && (have[next].exported() || have[next].pkg == w.Pkg())) {
			next++
		}
		if next == len(have) {
			panic("BUG: lower: " + o.name + ": no method " + w.Name())
		}
		m := &have[next]
		n := len(o.relocs)
		o.codeOf(fun+int64(i)*8, unreachable)
		d.need.add(m, func() { o.relocs[n].fn = m.fn(true) })
	}
	return o
}

// methodFunc is the function of method m of t that takes the receiver as the data word of an interface, or by value.
func (k *linker) methodFunc(t types.Type, m *tree.MethodInfo, word bool) *tree.Func {
	var f *tree.Func
	if word {
		f = k.p.IfaceMethod(t, *m)
	} else {
		f = k.p.Method(t, *m)
	}
	k.want(f)
	return f
}

// stubs declares the functions that exist only in linked programs: the bodies of Equal and Hasher, which the host
// provides (the type is the second word of their closure), and the one that stands for methods nobody calls.
func (k *linker) stubs() (equal, hash, unreachable *tree.Func) {
	param := func(name string, t types.Type) *tree.Var { return &tree.Var{Name: name, T: t, Kind: tree.Param} }
	p, word, b := types.Typ[types.UnsafePointer], types.Typ[types.Uintptr], types.Typ[types.Bool]
	result := func(t types.Type) []*tree.Var { return []*tree.Var{{Name: "~r0", T: t, Kind: tree.Result}} }
	equal = &tree.Func{Sym: "go:typeequal", Name: "go:typeequal", Extern: true, Flags: tree.Wrapper,
		Params: []*tree.Var{param("p", p), param("q", p)}, Results: result(b)}
	hash = &tree.Func{Sym: "go:typehash", Name: "go:typehash", Extern: true, Flags: tree.Wrapper,
		Params: []*tree.Var{param("p", p), param("seed", word)}, Results: result(word)}
	unreachable = &tree.Func{Sym: "go:unreachable", Name: "go:unreachable", Flags: tree.Wrapper, State: tree.Ordered}
	return equal, hash, unreachable
}

// handMade is the code of a function that has no tree, or nil.
func (k *linker) handMade(f *tree.Func) *Frag {
	if f != k.unreachable {
		return nil
	}
	return &Frag{Fn: f, Info: abi.Func{Frame: bytecode.MinCall}, Code: []bytecode.Ins{
		{Op: bytecode.FUNC, A: bytecode.MinCall},
		{Op: bytecode.TRAP, D: bytecode.TrapUnreachable},
	}}
}

// localName is the number of a type declared inside a function, as it stands behind its name.
func (k *linker) localName(n *types.Named) string {
	if i := k.p.LocalNumber(n); i > 0 {
		return "·" + strconv.Itoa(i)
	}
	return ""
}
