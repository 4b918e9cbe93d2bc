package host

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terrarium-go/terrarium/internal/mem"
)

// Sys is what the embedder grants to one machine. The zero value grants
// nothing: no arguments, an empty environment, streams at their end.
type Sys struct {
	Args   []string // os.Args
	Env    []string // "name=value"
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Dirs   []Dir // directories the guest may open

	Now    func() time.Time // wall clock; nil: the host's
	Random io.Reader        // entropy; nil: the host's, or from the seed in deterministic runs
}

// Dir is one granted directory.
type Dir struct {
	Guest    string // path as the guest names it
	Host     string // path on the host
	ReadOnly bool
}

// State is host functions' own bookkeeping of one machine.
type State struct {
	Mu          sync.Mutex
	Values      map[string]any // by guest package; guarded by Mu
	types       atomic.Pointer[typeTable]
	pinned      []mem.Addr           // objects that live as long as the machine; guarded by Mu
	pins        map[mem.Addr]int     // pinned objects and how often; guarded by Mu
	printing    map[uint64][]byte    // unfinished print calls by goroutine; guarded by Mu
	texts       map[string]mem.Addr  // guest copies of names; guarded by Mu
	transfers   map[uint64]*transfer // of goroutines that wait for the host; guarded by Mu
	files       *files               // descriptors; guarded by Mu
	cpu         cpuProfile
	profile     memProfile
	contentions [numContentions]contentions
	maxThreads  int                     // as debug.SetMaxThreads was told, which limits nothing here; 0: not told; guarded by Mu
	taken       map[uint64][]takenStack // of goroutine profiles, by the goroutine that reads; guarded by Mu
	origins     map[originKey]origin    // of finalizers and cleanups, with the flag checkfinalizers; guarded by Mu
	figures     atomic.Pointer[figures] // of the last read of metrics
	sites       *sites                  // nil: nobody counts
}

// Roots visits the objects that host functions keep alive. The world is stopped.
func (s *State) Roots(visit func(p mem.Addr)) {
	for _, a := range s.pinned {
		visit(a)
	}
	for a := range s.pins {
		visit(a)
	}
	s.cpu.mu.Lock()
	for _, a := range s.cpu.labels {
		visit(a)
	}
	s.cpu.mu.Unlock()
	for _, list := range s.taken {
		for i := range list {
			visit(list[i].labels)
		}
	}
}
