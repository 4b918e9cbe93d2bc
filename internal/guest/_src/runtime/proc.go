package runtime

import (
	"internal/runtime/exithook"
	"unsafe"
)

// Start and end of the program, goroutine control.

// main_init runs the package initialisers in dependency order; the compiler writes it.
//
//go:linkname main_init go:init
func main_init()

//go:linkname main_main main.main
func main_main()

// mainStarted tells exit hooks and init-time code that initialisation is over.
var mainStarted bool

// main is the first goroutine: initialise, run the program's main, exit. While packages are initialised
// it is locked to its thread.
func main() {
	LockOSThread()
	defer func() {
		if !mainStarted { // a panic of an initialiser
			UnlockOSThread()
		}
	}()
	exithook.Gosched = Gosched
	exithook.Goid = goid
	exithook.Throw = throw
	gomaxprocs = procs()
	main_init()
	mainStarted = true
	UnlockOSThread()
	main_main()
	for range 1000 { // a goroutine that panics may have woken this one: its report comes first
		if !panicsRunning() {
			break
		}
		Gosched()
	}
	exithook.Run(0)
	exit(0)
}

//go:linkname os_beforeExit os.runtime_beforeExit
func os_beforeExit(code int) { exithook.Run(code) }

//go:linkname syscall_Exit syscall.Exit
func syscall_Exit(code int) { exit(code) }

func goid() uint64

// procs is the number of processors of the machine.
func procs() int

// setprocs changes it, with the world stopped, and returns the former number.
func setprocs(n int) int

var gomaxprocs int

// GOMAXPROCS sets the number of processors that run goroutines in parallel and
// returns the former number; n < 1 leaves it as it is.
func GOMAXPROCS(n int) int {
	old := procs()
	if n > 0 && n != old {
		setprocs(n)
	}
	return old
}

// SetDefaultGOMAXPROCS sets GOMAXPROCS to what it was when the program started.
func SetDefaultGOMAXPROCS() { GOMAXPROCS(gomaxprocs) }

// Gosched lets other goroutines run.
func Gosched()

// NumGoroutine is the number of goroutines of the program, without those of the runtime.
func NumGoroutine() int

// NumCPU is the number of processors that the machine may use.
func NumCPU() int

// NumCgoCall is 0: there is no cgo.
func NumCgoCall() int64 { return 0 }

// panicsRunning tells whether a goroutine is panicking.
func panicsRunning() bool

// LockOSThread has nothing to lock: guest goroutines have no threads. What can be seen of
// locks is kept in a word of the goroutine: the number of calls, and above lockBits the number
// of the goroutine that stands for the thread.
func LockOSThread() {
	w := getgLocal(2)
	if w == 0 {
		w = goid() << lockBits
	}
	setgLocal(2, w+1)
}

const lockBits = 24

// UnlockOSThread undoes one LockOSThread.
func UnlockOSThread() {
	w := getgLocal(2)
	if w == 0 {
		return
	}
	if w--; w&(1<<lockBits-1) == 0 {
		w = 0
	}
	setgLocal(2, w)
}

// Breakpoint does nothing.
func Breakpoint() {}

// KeepAlive keeps x reachable up to here. The compiler treats calls of it as a use.
func KeepAlive(x any) {
	if keepAliveSink {
		println(x)
	}
}

var keepAliveSink bool

// GOROOT returns $GOROOT, or else the root of the distribution that the program was compiled with.
func GOROOT() string {
	for _, kv := range envs() {
		if len(kv) > 7 && kv[:7] == "GOROOT=" {
			return kv[7:]
		}
	}
	return goroot()
}

// goroot is the root of the Go distribution that the program was compiled with.
func goroot() string

// Version is the Go version of the standard library in use.
func Version() string

// stringOf gives string number i of a list of the host: 0 arguments, 1 environment, 2 the program's own GODEBUG settings, 3 what it was built from.
func stringCount(list int) int
func stringOf(list, i int) string

func strings(list int) []string {
	out := make([]string, stringCount(list))
	for i := range out {
		out[i] = stringOf(list, i)
	}
	return out
}

var envCache []string

func envs() []string {
	if envCache == nil {
		envCache = strings(1)
	}
	return envCache
}

//go:linkname os_runtime_args os.runtime_args
func os_runtime_args() []string { return strings(0) }

//go:linkname syscall_runtime_envs syscall.runtime_envs
func syscall_runtime_envs() []string { return append([]string{}, envs()...) }

//go:linkname syscall_runtimeSetenv syscall.runtimeSetenv
func syscall_runtimeSetenv(key, value string) { envChanged(key, value) }

//go:linkname syscall_runtimeUnsetenv syscall.runtimeUnsetenv
func syscall_runtimeUnsetenv(key string) { envChanged(key, "") }

//go:linkname syscall_runtimeClearenv syscall.runtimeClearenv
func syscall_runtimeClearenv(env map[string]int) {
	if _, ok := env["GODEBUG"]; ok {
		envChanged("GODEBUG", "")
	}
}

// GODEBUG settings: internal/godebug registers a callback and is told the
// environment's value at once and at each change. Defaults come with the program: those of the
// Go version in its go.mod, and //go:debug directives.

var (
	godebugUpdate func(string, string)
	godebugInc    func(string) func()

	godebugSet bool // the program has changed the variable
	godebugEnv string
)

//go:linkname godebug_setUpdate internal/godebug.setUpdate
func godebug_setUpdate(update func(string, string)) {
	godebugUpdate = update
	update(godebugDefault(), getenv("GODEBUG"))
}

//go:linkname godebug_setNewIncNonDefault internal/godebug.setNewIncNonDefault
func godebug_setNewIncNonDefault(f func(string) func()) { godebugInc = f }

//go:linkname godebug_registerMetric internal/godebug.registerMetric
func godebug_registerMetric(name string, read func() uint64) {
	for i := range metricFuncs {
		if metricFuncs[i].name == name {
			return
		}
	}
	metricFuncs = append(metricFuncs, metricFunc{name, read})
}

type metricFunc struct {
	name string
	read func() uint64
}

var metricFuncs []metricFunc

func envChanged(key, value string) {
	if key != "GODEBUG" {
		return
	}
	godebugSet, godebugEnv = true, value
	if godebugUpdate != nil {
		godebugUpdate(godebugDefault(), value)
	}
}

func godebugDefault() string {
	if list := strings(2); len(list) > 0 {
		return list[0]
	}
	return ""
}

// godebug is the value of a setting, for those of the runtime itself, as it is now.
func godebug(name string) string {
	env := godebugEnv
	if !godebugSet {
		env = getenv("GODEBUG")
	}
	if v, ok := setting(env, name); ok {
		return v
	}
	v, _ := setting(godebugDefault(), name)
	return v
}

// setting finds a name in a list name=value,…; the last one counts.
func setting(list, name string) (value string, ok bool) {
	for end := len(list); end > 0; {
		start := end
		for start > 0 && list[start-1] != ',' {
			start--
		}
		if kv := list[start:end]; len(kv) > len(name) && kv[len(name)] == '=' && kv[:len(name)] == name {
			return kv[len(name)+1:], true
		}
		end = start - 1
	}
	return "", false
}

func getenv(key string) string {
	for _, kv := range envs() {
		if len(kv) > len(key) && kv[len(key)] == '=' && kv[:len(key)] == key {
			return kv[len(key)+1:]
		}
	}
	return ""
}

// Coroutines, for iter.Pull: a goroutine that runs only when switched to, and
// whose creator waits meanwhile. The host keeps the goroutine; the guest sees an
// opaque handle whose first word is its number.

type coro struct {
	id   uint64
	f    func(*coro)
	lock uint64 // LockOSThread's word of the creator
}

//go:linkname newcoro
func newcoro(f func(*coro)) *coro {
	c := &coro{f: f, lock: getgLocal(2)}
	c.id = coroStart(func() {
		if c.lock != 0 {
			setgLocal(2, c.lock)
		}
		defer func() { // also after Goexit
			coroCheck(c)
			coroExit(unsafe.Pointer(c))
		}()
		f(c)
	}, unsafe.Pointer(c))
	return c
}

//go:linkname coroswitch
func coroswitch(c *coro) {
	coroCheck(c)
	coroSwitch(unsafe.Pointer(c))
}

// coroCheck ends the program if the goroutine's thread locks are not those that the coroutine was made with:
// whoever is switched to runs on the same thread.
func coroCheck(c *coro) {
	if getgLocal(2) != c.lock {
		throw("coro: OS thread locking must match locking at coroutine creation")
	}
}

// coroStart makes a parked goroutine for f and ties it to the handle; coroSwitch
// parks the caller in the handle and runs the goroutine that was parked there;
// coroExit, called by a goroutine that is about to end, lets the one parked in the
// handle run next.
func coroStart(f func(), c unsafe.Pointer) uint64
func coroSwitch(c unsafe.Pointer)
func coroExit(c unsafe.Pointer)
