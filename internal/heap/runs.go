package heap

import "math/bits"

// # Finding runs of pages
//
// The page heap asks one question: where is the lowest run of n pages of which each has
// its bit set? The answer comes from a tree of summaries over the bitmap, the
// scheme that the Go runtime has had since 1.14. A summary describes a block of
// pages by three lengths, in pages:
//
//	0 1 1 1 0 1 1 1 1 0 0 1 1        start   set bits at the beginning  (0)
//	                                 most    longest run               (4)
//	                                 end     set bits at the end        (2)
//
// Two neighbours give the summary of both, since a run of both is one of the left, one of
// the right, or the end of the left and the start of the right. So the tree is
// built from the leaves up:
//
//	level 0   a chunk, 512 pages     4 MiB
//	level 1   16 of level 0          64 MiB
//	level 2   16 of level 1          1 GiB     at most 28 of them
//
// A search goes along level 2 and carries the length of the run that reaches the
// place it has come to. When that run and the start of the next block are long
// enough, the answer is known; when the block's longest is, the search goes on
// inside of it, one level down; else the run that is carried becomes the block's end,
// or grows by the whole of it. That is at most 28 + 16 + 16 summaries and 8 words
// of bits, however large the heap is. A change writes one chunk's summary and two
// above it.
//
// Go's tree has five levels with a fan-out of eight, for 48 bits of addresses. Ours are 35.
const (
	chunkPages = 512
	chunkWords = chunkPages / 64
	fanBits    = 4
	fan        = 1 << fanBits
	levels     = 3
)

// blockPages is the pages that a summary of a level covers.
func blockPages(level int) uint64 { return chunkPages << (fanBits * level) }

// summary describes the runs of a block.
//
//	start, end <= most;  start == block => end == most == block
type summary struct{ start, most, end uint32 }

// runs is a bitmap of pages with its tree.
//
//	tree[0][c] = the summary of words c*8 to c*8+7
//	tree[l][i] = those of tree[l-1][16i:16i+16] put together; blocks that are missing at the end are empty
type runs struct {
	bits []uint64
	tree [levels][]summary
}

// grow appends empty chunks until there are that many.
func (r *runs) grow(chunks uint64) {
	for uint64(len(r.tree[0])) < chunks {
		r.bits = append(r.bits, make([]uint64, chunkWords)...)
		for l := range r.tree {
			if uint64(len(r.tree[l]))<<(fanBits*l) < chunks {
				r.tree[l] = append(r.tree[l], summary{})
			}
		}
	}
}

// chunkCost is the bytes of bitmap and summaries that a chunk takes, with half of it
// again for the room that append leaves.
const chunkCost = (chunkWords*8 + 13) * 3 / 2

// set sets or clears the bits of [p, p+n), and the summaries follow.
func (r *runs) set(p, n uint64, on bool) {
	setRange(r.bits, p, n, on)
	r.update(p, n)
}

// update makes the summaries of the blocks that [p, p+n) touches again, up to the level
// on which nothing changes any more.
func (r *runs) update(p, n uint64) {
	first, last := p/chunkPages, (p+n-1)/chunkPages
	changed := false
	note := func(old *summary, s summary) {
		changed = changed || *old != s
		*old = s
	}
	for c := first; c <= last; c++ {
		note(&r.tree[0][c], summarize(r.bits[c*chunkWords:(c+1)*chunkWords]))
	}
	for l := 1; l < levels && changed; l++ {
		first, last, changed = first>>fanBits, last>>fanBits, false
		for i := first; i <= last; i++ {
			note(&r.tree[l][i], join(r.below(l, i), uint32(blockPages(l-1))))
		}
	}
}

// below is the summaries that block i of a level covers, on the level below.
func (r *runs) below(level int, i uint64) []summary {
	under := r.tree[level-1]
	return under[i<<fanBits : min((i+1)<<fanBits, uint64(len(under)))]
}

// summarize reads the bits of a chunk.
func summarize(words []uint64) (s summary) {
	run, most, started := uint32(0), uint32(0), false
	for _, w := range words {
		if w == ^uint64(0) {
			run += 64
			continue
		}
		left := 64
		for w != 0 {
			if z := bits.TrailingZeros64(w); z > 0 {
				if !started {
					s.start, started = run, true
				}
				most, run = max(most, run), 0
				w >>= z
				left -= z
			}
			o := bits.TrailingZeros64(^w)
			run += uint32(o)
			w >>= o
			left -= o
		}
		if left > 0 {
			if !started {
				s.start, started = run, true
			}
			most, run = max(most, run), 0
		}
	}
	if !started {
		s.start = run
	}
	s.end, s.most = run, max(most, run)
	return s
}

// join puts the summaries of a block's parts of size pages each together. Parts
// that are missing at the end are empty.
func join(parts []summary, size uint32) (s summary) {
	run, started := uint32(0), false
	for _, p := range parts {
		if p.start == size {
			run += size
			continue
		}
		run += p.start
		if !started {
			s.start, started = run, true
		}
		s.most = max(s.most, run, p.most)
		run = p.end
	}
	if !started {
		s.start = run
	}
	s.most = max(s.most, run)
	if len(parts) == fan {
		s.end = run
	}
	return s
}

// find is the first page of the lowest run of n set bits. n is not 0.
func (r *runs) find(n uint64) (page uint64, ok bool) {
	from, to := uint64(0), uint64(len(r.tree[levels-1])) // on level l
	for l := levels - 1; ; l-- {
		size, run, inside := blockPages(l), uint64(0), false
		for i := from; i < to; i++ {
			s := r.tree[l][i]
			if run+uint64(s.start) >= n {
				return i*size - run, true
			}
			if uint64(s.most) >= n {
				if l == 0 {
					return findRun(r.bits, i*chunkPages, n), true
				}
				from, to, inside = i<<fanBits, min((i+1)<<fanBits, uint64(len(r.tree[l-1]))), true
				break
			}
			if uint64(s.start) == size {
				run += size
			} else {
				run = uint64(s.end)
			}
		}
		if !inside {
			return 0, false
		}
	}
}

// findRun is the first page of the lowest run of n set bits from page p on, a multiple of
// 64; there is one.
func findRun(words []uint64, p, n uint64) uint64 {
	run := uint64(0)
	for ; ; p += 64 {
		w := words[p/64]
		for i := uint64(0); i < 64; {
			z := min(uint64(bits.TrailingZeros64(w>>i)), 64-i)
			if z > 0 {
				run = 0
				i += z
				continue
			}
			o := uint64(bits.TrailingZeros64(^(w >> i)))
			run += o
			i += o
			if run >= n {
				return p + i - run
			}
		}
	}
}

// highest is the last chunk below chunk to with a run of n set bits, n at most a chunk's pages.
func (r *runs) highest(to, n uint64) (chunk uint64, ok bool) {
	for c := to; c > 0; {
		// Skip what the levels above rule out, from the largest block that ends here.
		skipped := false
		for l := levels - 1; l > 0; l-- {
			if block := uint64(1) << (fanBits * l); c%block == 0 && uint64(r.tree[l][c/block-1].most) < n {
				c -= block
				skipped = true
				break
			}
		}
		if skipped {
			continue
		}
		c--
		if uint64(r.tree[0][c].most) >= n {
			return c, true
		}
	}
	return 0, false
}

func test(b []uint64, p uint64) bool { return b[p/64]>>(p%64)&1 != 0 }

// setRange sets or clears the n bits from p.
func setRange(b []uint64, p, n uint64, on bool) {
	for n > 0 {
		w, i := p/64, p%64
		k := min(64-i, n)
		m := ^uint64(0) >> (64 - k) << i
		if on {
			b[w] |= m
		} else {
			b[w] &^= m
		}
		p, n = p+k, n-k
	}
}

// anySet reports whether one of the n bits from p is set.
func anySet(b []uint64, p, n uint64) bool {
	for n > 0 {
		i := p % 64
		k := min(64-i, n)
		if b[p/64]&(^uint64(0)>>(64-k)<<i) != 0 {
			return true
		}
		p, n = p+k, n-k
	}
	return false
}

// allSet reports whether all of the n bits from p are set.
func allSet(b []uint64, p, n uint64) bool {
	for n > 0 {
		i := p % 64
		k := min(64-i, n)
		if m := ^uint64(0) >> (64 - k) << i; b[p/64]&m != m {
			return false
		}
		p, n = p+k, n-k
	}
	return true
}
