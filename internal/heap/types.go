package heap

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/terrarium-go/terrarium/internal/abi"
	"github.com/terrarium-go/terrarium/internal/mem"
)

// TypeInfo is a registered type in the form the marker reads.
type TypeInfo struct {
	Size  uint64      // bytes from one element to the next; 0 only for types without pointers
	Mask0 uint64      // pointer bits of the first 64 words
	Words uint64      // words up to and including the last pointer
	Type  *abi.GCType // nil for the unknown type
}

// types is the table of registered types: appended under mu, read without
// locks. A published slice never changes below its length.
type types struct {
	mu  sync.Mutex
	all atomic.Pointer[[]TypeInfo] // index 0 is the unknown type
}

func (t *types) init() {
	list := make([]TypeInfo, 1, 64)
	list[0] = TypeInfo{Size: 8, Mask0: 1, Words: 1}
	t.all.Store(&list)
}

// AddType registers t, which must not change afterwards, and returns its id. It
// reports false when the limit refuses the bookkeeping. A malformed t is our own
// bug.
func (h *Heap) AddType(t *abi.GCType) (abi.TypeID, bool) {
	words := t.PtrBytes / 8
	if t.PtrBytes%8 != 0 || t.PtrBytes > t.Size || words > 0 && t.Size%8 != 0 || uint64(len(t.Mask)) < (words+63)/64 {
		panic(fmt.Sprintf("BUG: heap: type %s: size %d, pointer bytes %d, mask of %d words", t.Name, t.Size, t.PtrBytes, len(t.Mask)))
	}
	info := TypeInfo{Size: t.Size, Words: words, Type: t}
	if words > 0 {
		info.Mask0 = t.Mask[0]
		if words < 64 {
			info.Mask0 &= 1<<words - 1
		}
	}
	cost := int64(unsafe.Sizeof(info)+unsafe.Sizeof(*t)) + int64(len(t.Mask)*8+len(t.Name))
	if !h.space.Charge(cost, mem.KindMetadata) {
		return 0, false
	}
	h.types.mu.Lock()
	defer h.types.mu.Unlock()
	list := append(*h.types.all.Load(), info)
	h.types.all.Store(&list)
	return abi.TypeID(len(list) - 1), true
}

// RegisterTypes registers a program's types; the first gets the returned id and
// the others follow in order. It reports false, with some of them registered,
// when the limit refuses.
func (h *Heap) RegisterTypes(list []abi.GCType) (first abi.TypeID, ok bool) {
	first = abi.TypeID(len(*h.types.all.Load()))
	for i := range list {
		if _, ok := h.AddType(&list[i]); !ok {
			return first, false
		}
	}
	return first, true
}

// Types is the table of registered types by id, as of now. It must not be
// written.
func (h *Heap) Types() []TypeInfo { return *h.types.all.Load() }

// TypeOf is the registered type of id, or nil for the unknown type and for ids
// never given out.
func (h *Heap) TypeOf(id abi.TypeID) *abi.GCType {
	if list := h.Types(); int(id) < len(list) {
		return list[id].Type
	}
	return nil
}

// Pointers calls f with the address of every pointer word in the n bytes at
// base, which hold elements of t back to back.
func (t *TypeInfo) Pointers(base mem.Addr, n uint64, f func(word mem.Addr)) {
	if t.Words == 0 {
		return
	}
	for e := uint64(0); e+t.Words*8 <= n; e += t.Size {
		for w := uint64(0); w < t.Words; w += 64 {
			m := t.Mask0
			if w > 0 {
				m = t.Type.Mask[w/64]
				if t.Words-w < 64 {
					m &= 1<<(t.Words-w) - 1
				}
			}
			for ; m != 0; m &= m - 1 {
				f(base + e + (w+uint64(bits.TrailingZeros64(m)))*8)
			}
		}
	}
}
