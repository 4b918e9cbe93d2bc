package interp

import (
	"sync/atomic"

	"github.com/terrarium-go/terrarium/internal/bytecode"
)

// storePointer executes an instruction that stores pointers, outside the loop
// because the write barrier is on: old values are shaded first. The loop has
// checked the operands.
func (w *worker) storePointer(in *bytecode.Ins) bool {
	sp, b := w.m.vm.Space, w.barrier
	word := func(a uint64) *uint64 {
		b.Word(a)
		return (*uint64)(sp.Ptr(a))
	}
	switch in.Op {
	case bytecode.STP:
		*word(*w.slot(in.A) + uint64(in.Imm)) = *w.slot(in.B)
	case bytecode.STPN:
		a := *w.slot(in.A) + uint64(in.Imm)
		for i := range in.C {
			if in.D>>i&1 != 0 {
				b.Word(a + uint64(i)*8)
			}
			sp.Store64(a+uint64(i)*8, *w.slot(in.B + i))
		}
	case bytecode.STGP:
		*word(uint64(in.Imm)) = *w.slot(in.A)
	case bytecode.STXP:
		*word(*w.slot(in.B) + *w.slot(in.C)*8) = *w.slot(in.A)
	case bytecode.ASTP:
		atomic.StoreUint64(word(*w.slot(in.A)), *w.slot(in.B))
	case bytecode.ASWAPP:
		*w.slot(in.A) = atomic.SwapUint64(word(*w.slot(in.B)), *w.slot(in.C))
	case bytecode.ACASP:
		eq := uint64(0)
		if atomic.CompareAndSwapUint64(word(*w.slot(in.B)), *w.slot(in.C), *w.slot(in.C + 1)) {
			eq = 1
		}
		*w.slot(in.A) = eq
	}
	return w.next()
}
