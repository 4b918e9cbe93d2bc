package lower

// Reachability
//
// A program is what its roots reach. The roots are the machine's hooks (abi.Hooks),
// main.main and the initialisers of the packages. The worklist runs in waves: the
// functions of a wave are built, inlined, analysed and ordered one after the other
// (the tree is not for concurrent use), then their code is generated in parallel,
// then their fixups name the functions, types, variables and constants of the next
// wave. When a wave is empty, methods that became needed (itab.go) and initialisers
// that became live (reach_init.go) start another one; when these are settled too, the
// set is closed.

import (
	"fmt"
	"sync"
	"sync/atomic"

	"go/types"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// want puts a function into the program.
func (k *linker) want(f *tree.Func) {
	if f == nil {
		panic("BUG: lower: a nil function is wanted")
	}
	if !k.queued[f] {
		k.queued[f] = true
		k.queue = append(k.queue, f)
		if callee := calledByHost[f.Sym]; f.Extern && callee != "" {
			k.want(k.bySym(callee))
		}
	}
}

// calledByHost names the guest functions that host functions call.
var calledByHost = map[string]string{
	"reflect.makeFuncStub":    "reflect.callReflect",
	"reflect.methodValueCall": "reflect.callMethod",
}

// close computes the set of functions and objects.
func (k *linker) close() error {
	if err := k.roots(); err != nil {
		return err
	}
	for {
		wave := k.queue
		k.queue = nil
		if len(wave) == 0 {
			if k.desc.need.settle() || len(k.queue) > 0 {
				continue
			}
			if !k.inits.sealed {
				k.sealInits()
				continue
			}
			return nil
		}
		if err := k.wave(wave); err != nil {
			return err
		}
		k.desc.need.settle()
	}
}

// roots wants what the machine itself calls.
func (k *linker) roots() error {
	var missing []string
	for _, sym := range abi.Hooks {
		f := k.bySym(sym)
		if f == nil || f.Extern {
			missing = append(missing, sym)
			continue
		}
		k.hooks[sym] = f
		k.want(f)
	}
	if len(missing) > 0 {
		return fmt.Errorf("BUG: the guest's package runtime has no %v", missing)
	}
	if err := k.openInits(); err != nil {
		return err
	}
	k.want(k.unreachable)
	return nil
}

// wave prepares and generates functions and takes up what they refer to.
func (k *linker) wave(fs []*tree.Func) error {
	var fail failures
	for _, f := range fs {
		if err := k.stopped(); err != nil {
			return err
		}
		fail.add(guard("preparation", f, func() { k.prepare(f) }))
	}
	if err := fail.err(); err != nil {
		return err
	}
	nodes := make([]*node, len(fs))
	errs := make([]error, len(fs))
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func() {
		defer wg.Done()
		for {
			i := int(next.Add(1)) - 1
			if i >= len(fs) || k.stopped() != nil {
				return
			}
			f := fs[i]
			if frag := k.handMade(f); frag != nil {
				nodes[i] = &node{fn: f, frag: frag}
				continue
			}
			err := guard("code generation", f, func() {
				frag, err := Gen(genCtx{k}, f)
				nodes[i], errs[i] = &node{fn: f, frag: frag}, err
			})
			if err != nil {
				errs[i] = err
			}
		}
	}
	n := min(k.opts.Workers, len(fs))
	wg.Add(n)
	for range n - 1 {
		go work()
	}
	work()
	wg.Wait()
	if err := k.stopped(); err != nil {
		return err
	}
	for i, n := range nodes {
		if fail.add(errs[i]); errs[i] != nil {
			continue
		}
		k.nodes = append(k.nodes, n)
		k.byFunc[n.fn] = n
		fail.add(guard("linking", n.fn, func() { k.scan(n) }))
	}
	return fail.err()
}

// stopped is why the compilation is to end early, or nil.
func (k *linker) stopped() error {
	if k.opts.Context == nil {
		return nil
	}
	return k.opts.Context.Err()
}

// prepare brings a function into core form.
func (k *linker) prepare(f *tree.Func) {
	if f.Extern || f.State == tree.Ordered || k.handMade(f) != nil {
		return
	}
	k.p.Build(f)
	for _, pass := range k.opts.Passes {
		pass(k.p, f)
	}
	k.p.Order(f)
}

// scan takes up everything that a function refers to.
func (k *linker) scan(n *node) {
	for i := range n.frag.Fix {
		k.take(&n.frag.Fix[i])
	}
	for i := range n.frag.Objects {
		k.typeID(n.frag.Objects[i].Type)
	}
	if !n.fn.Extern {
		k.calls(n.fn)
	}
}

// take makes sure that what a fixup refers to is in the program.
func (k *linker) take(x *Fixup) {
	switch x.Kind {
	case FixCall, FixCode:
		f := k.target(x)
		if f == nil {
			panic(fmt.Sprintf("there is no function %s", x.Sym))
		}
		k.want(f)
	case FixFuncVal:
		k.funcVal(x.Fn)
	case FixType:
		k.typeWord(x.Type)
	case FixItab:
		k.desc.itab(x.Type, x.Iface, k.unreachable)
	case FixTypeID, FixTypeIDC:
		k.typeID(x.Type)
	case FixGlobal:
		k.global(x.Var)
	case FixString:
		k.str(x.Str)
	case FixData:
		k.data(x.Data)
	case FixNative:
		k.native(x.Sym)
	default:
		panic(fmt.Sprintf("fixup kind %d", x.Kind))
	}
}

// typeWord is the descriptor of a type that code or data names. Values of a type that is no interface may be
// converted to interfaces there; the name of an interface type only serves to find out what implements it.
func (k *linker) typeWord(t types.Type) *object {
	if !types.IsInterface(t) {
		k.desc.reflected(t)
	}
	return k.desc.of(t)
}

// calls marks the interface methods that f calls as needed, and finds out whether it uses reflection on methods.
func (k *linker) calls(f *tree.Func) {
	var stmt func(tree.Stmt)
	var expr func(tree.Expr)
	expr = func(e tree.Expr) {
		if c, ok := e.(*tree.Call); ok {
			switch {
			case c.Method != nil:
				k.desc.needMethod(c.Method)
				if (f.Pkg != "reflect" || f.Flags&tree.Wrapper != 0) && reflectsMethods(c.Method) {
					k.desc.need.demandExported()
				}
			case c.F != nil && f.Pkg != "reflect" && findsMethods(c.F):
				k.desc.need.demandExported()
			}
		}
		if r, ok := e.(*tree.FuncRef); ok && f.Pkg != "reflect" && findsMethods(r.F) {
			k.desc.need.demandExported()
		}
		eachExpr(e, expr)
	}
	stmt = func(s tree.Stmt) { eachStmt(s, stmt, expr, nil) }
	for _, s := range f.Body {
		stmt(s)
	}
}

// findsMethods reports whether f is one of the functions of reflect that find methods by number or name. They are not inlined.
func findsMethods(f *tree.Func) bool {
	switch f.Sym {
	case "reflect.Value.Method", "reflect.Value.MethodByName", "reflect.(*rtype).Method", "reflect.(*rtype).MethodByName":
		return true
	}
	return false
}

// reflectsMethods reports whether m is Method or MethodByName of an interface like reflect.Type.
func reflectsMethods(m *types.Func) bool {
	if m.Name() != "Method" && m.Name() != "MethodByName" {
		return false
	}
	res := m.Type().(*types.Signature).Results()
	if res.Len() == 0 {
		return false
	}
	n, ok := types.Unalias(res.At(0).Type()).(*types.Named)
	return ok && n.Obj().Name() == "Method" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "reflect"
}

// funcVal is the closure object of a function without captures.
func (k *linker) funcVal(f *tree.Func) *object {
	o := k.funcVals[f]
	if o == nil {
		o = newObject("func:"+f.Sym, secRO, 8, 8)
		o.codeOf(0, f)
		k.funcVals[f] = k.im.add(o)
		k.want(f)
	}
	return o
}

// str is the object with the bytes of a string constant.
func (k *linker) str(s string) *object {
	if s == "" {
		return nil
	}
	o := k.strings[s]
	if o == nil {
		o = k.im.add(&object{name: "string", sect: secRO, bytes: []byte(s), size: int64(len(s)), align: 1})
		k.strings[s] = o
	}
	return o
}

// data is the object of a constant table of generated code.
func (k *linker) data(d *Data) *object {
	if o := k.datas[d]; o != nil {
		return o
	}
	o := &object{name: d.Name, sect: secRO, bytes: d.Bytes, size: int64(len(d.Bytes)), align: int64(max(d.Align, 1))}
	if l := k.statics.writable[d]; l != nil {
		o.sect, o.layout = secRW, l
	}
	k.datas[d] = k.im.add(o)
	for i := range d.Relocs {
		k.reloc(o, d.Relocs[i].Off, &d.Relocs[i].Target)
	}
	return o
}

// reloc stores the address that x describes into the word at off.
func (k *linker) reloc(o *object, off int64, x *Fixup) {
	switch x.Kind {
	case FixCode:
		k.want(k.target(x))
		o.codeOf(off, k.target(x))
	case FixFuncVal:
		o.addrOf(off, k.funcVal(x.Fn), 0)
	case FixType:
		o.addrOf(off, k.typeWord(x.Type), 0)
	case FixItab:
		o.addrOf(off, k.desc.itab(x.Type, x.Iface, k.unreachable), 0)
	case FixGlobal:
		o.addrOf(off, k.global(x.Var), x.Add)
	case FixString:
		if x.Str != "" {
			o.addrOf(off, k.str(x.Str), x.Add)
		}
	case FixData:
		o.addrOf(off, k.data(x.Data), x.Add)
	default:
		panic(fmt.Sprintf("fixup kind %d in data", x.Kind))
	}
}
