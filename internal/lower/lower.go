package lower

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"runtime"
	"strings"
	"sync"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/bytecode"
	"github.com/terrarium-go/terrarium/internal/escape"
	"github.com/terrarium-go/terrarium/internal/inline"
	"github.com/terrarium-go/terrarium/internal/tree"
)

// Options are the choices of one compilation.
type Options struct {
	GoVersion string // for runtime.Version and the image
	GOROOT    string // for runtime.GOROOT
	GODEBUG   string // the program's defaults
	BuildInfo string // for debug.ReadBuildInfo
	Main      string // import path or file name of the main package, for reports
	Workers   int    // goroutines that generate code; 0: one per CPU

	// Context ends the compilation between two functions when it is done; nil never does.
	Context context.Context

	// NoEscape puts on the heap everything whose address is taken and everything that expressions allocate; otherwise
	// what does not escape lives in frames.
	NoEscape bool

	// NoInline leaves every call in place.
	NoInline bool

	// Columns keeps the columns of source positions, for bytecode.Program.Columns.
	Columns bool

	// Passes run on every function between building and ordering, in this order; nil: inline, escape.
	Passes []func(p *tree.Program, f *tree.Func)
}

// Unit is a compiled program together with what the dumps need to know.
type Unit struct {
	Program *bytecode.Program
	k       *linker
}

// Compile turns a program into linked bytecode: everything that is reachable from the machine's hooks, main.main
// and the package initialisers. The error lists what is wrong with the program, position first, or a BUG of ours.
func Compile(p *tree.Program, opts Options) (*bytecode.Program, error) {
	u, err := CompileUnit(p, opts)
	if err != nil {
		return nil, err
	}
	return u.Program, nil
}

// CompileUnit is Compile with the means to dump the stages.
func CompileUnit(p *tree.Program, opts Options) (u *Unit, err error) {
	k, err := newLinker(p, opts)
	if err != nil {
		return nil, err
	}
	if err := k.close(); err != nil {
		return nil, err
	}
	prog, err := k.link()
	if err != nil {
		return nil, err
	}
	return &Unit{Program: prog, k: k}, nil
}

// linker holds a compilation: the functions and objects found so far. It belongs to one goroutine; code generation,
// which runs in several, reaches it through genCtx only.
type linker struct {
	p    *tree.Program
	opts Options
	ls   *Layouts
	desc *descriptors
	im   image

	mu sync.Mutex // guards p, statics while code is generated in parallel

	nodes  []*node
	byFunc map[*tree.Func]*node
	queue  []*tree.Func // wanted, not generated
	queued map[*tree.Func]bool
	syms   map[string]*tree.Func
	hooks  map[string]*tree.Func

	natives     []string
	nativeIndex map[string]int32

	funcVals    map[*tree.Func]*object
	strings     map[string]*object
	datas       map[*Data]*object
	globals     map[*tree.Var]*object
	globalOrder []*tree.Var
	types       []abi.GCType
	typeIDs     map[types.Type]abi.TypeID

	runtime *types.Package // the guest's

	unreachable *tree.Func // stands for methods that nobody calls
	inits       initialisers
	statics     staticData
}

func newLinker(p *tree.Program, opts Options) (*linker, error) {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if opts.Passes == nil {
		in := inline.New(p, inline.Options{Off: opts.NoInline, Keep: func(f *tree.Func) bool { return isIntrinsic(f) || findsMethods(f) }})
		prepare := func(_ *tree.Program, f *tree.Func) { in.Func(f) }
		opts.Passes = []func(*tree.Program, *tree.Func){escape.NewPass(p, prepare)}
		if opts.NoEscape {
			opts.Passes = []func(*tree.Program, *tree.Func){prepare, escape.Pass}
		}
	}
	k := &linker{
		p: p, opts: opts, ls: NewLayouts(),
		byFunc: map[*tree.Func]*node{}, queued: map[*tree.Func]bool{}, syms: map[string]*tree.Func{},
		hooks: map[string]*tree.Func{}, nativeIndex: map[string]int32{},
		funcVals: map[*tree.Func]*object{}, strings: map[string]*object{}, datas: map[*Data]*object{},
		globals: map[*tree.Var]*object{}, types: make([]abi.GCType, 1), typeIDs: map[types.Type]abi.TypeID{},
	}
	a, err := k.findABI()
	if err != nil {
		return nil, err
	}
	k.desc = newDescriptors(a, k.ls, k, &k.im)
	k.desc.want = k.want
	k.desc.namer.local = k.localName
	k.desc.namer.outer = func(n *types.Named) (outer, own []types.Type) {
		l, _ := p.LocalType(n)
		return l.Args, l.Own
	}
	k.desc.equal, k.desc.hash, k.unreachable = k.stubs()
	return k, nil
}

// findABI reads the layout of descriptors from the package that declares the parameters of a hook, *abi.Type.
func (k *linker) findABI() (*abiTypes, error) {
	f := k.bySym("runtime.trapAssert")
	if f == nil || f.Obj == nil || len(f.Params) == 0 {
		return nil, errors.New("BUG: the guest's package runtime has no trapAssert")
	}
	k.runtime = f.Obj.Pkg()
	if p, ok := f.Params[0].T.Underlying().(*types.Pointer); ok {
		if n, ok := types.Unalias(p.Elem()).(*types.Named); ok && n.Obj().Pkg() != nil {
			return readABI(n.Obj().Pkg(), k.ls)
		}
	}
	return nil, errors.New("BUG: the first parameter of runtime.trapAssert is no *abi.Type")
}

// genCtx is the linker as code generation sees it: every method takes the lock.
type genCtx struct{ k *linker }

func (c genCtx) Layouts() *Layouts { return c.k.ls }

func (c genCtx) Canon(t types.Type) types.Type {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.p.Canon(t)
}

func (c genCtx) MapGroup(t types.Type) types.Type {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.desc.mapLayoutOf(c.k.p.Canon(t.Underlying()).(*types.Map)).group
}

func (c genCtx) MethodIndex(iface types.Type, m *types.Func) int {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.p.MethodIndex(iface, m)
}

func (c genCtx) FuncBySym(sym string) *tree.Func {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.bySym(sym)
}

func (c genCtx) StaticExpr(e tree.Expr) *Data {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.k.staticExpr(e)
}

func (c genCtx) Position(p token.Pos) token.Position { return c.k.p.Position(p) }

func (k *linker) fset() *token.FileSet { return k.p.Fset }

// Canon and Methods make the linker the typeWorld of the descriptors.
func (k *linker) Canon(t types.Type) types.Type { return k.p.Canon(t) }

func (k *linker) Methods(t types.Type) []method {
	set := k.p.MethodSet(t)
	if len(set) == 0 {
		return nil
	}
	out := make([]method, len(set))
	for i := range set {
		m := &set[i]
		out[i] = method{name: m.Name(), sig: m.Sig, fn: func(word bool) *tree.Func { return k.methodFunc(t, m, word) }}
		if !m.Exported() {
			out[i].pkg = m.Fn.Pkg()
		}
	}
	return out
}

// bySym is the function with a linker symbol, or nil.
func (k *linker) bySym(sym string) *tree.Func {
	f, ok := k.syms[sym]
	if !ok {
		if f = k.p.FuncBySym(sym); f == nil {
			f = k.hostFunc(sym)
		}
		k.syms[sym] = f
	}
	return f
}

// hostFunc is the function without body that package runtime declares under a symbol of its own, or nil.
func (k *linker) hostFunc(sym string) *tree.Func {
	name, ok := strings.CutPrefix(sym, "runtime.")
	if !ok || k.runtime == nil {
		return nil
	}
	obj, _ := k.runtime.Scope().Lookup(name).(*types.Func)
	if obj == nil {
		return nil
	}
	return k.p.FuncOf(obj, nil)
}

// native is the number of a host function.
func (k *linker) native(sym string) int32 {
	i, ok := k.nativeIndex[sym]
	if !ok {
		i = int32(len(k.natives))
		k.natives = append(k.natives, sym)
		k.nativeIndex[sym] = i
	}
	return i
}

// failures gathers errors of parallel work in the order of the functions.
type failures struct {
	errs []error
}

func (f *failures) add(err error) {
	if err != nil && len(f.errs) < 10 {
		f.errs = append(f.errs, err)
	}
}

func (f *failures) err() error { return errors.Join(f.errs...) }

// guard turns a panic of a pass into an error that names the function.
func guard(what string, f *tree.Func, do func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("BUG: %s of %s: %v", what, f.Sym, r)
		}
	}()
	do()
	return nil
}
