package heap

import (
	"math/rand/v2"
	"testing"
)

// A bitmap of three gigabytes against a slice of bools: after each change every
// question has the answer of a search bit by bit, and the summaries are those of the bits.
func TestRuns(t *testing.T) {
	const pages = 700 * chunkPages // not a whole number of blocks of level 1 or 2
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		var r runs
		r.grow(pages / chunkPages)
		model := make([]bool, pages)
		for step := range 25 {
			p, on := uint64(rnd.IntN(pages)), rnd.IntN(3) > 0
			n := min(uint64(1)<<rnd.IntN(19)+uint64(rnd.IntN(70)), pages-p)
			r.set(p, n, on)
			for i := range n {
				model[p+i] = on
			}
			for _, n := range []uint64{1, 2, 63, 64, 65, 511, 512, 513, 8191, 8192, 8193, 131071, 131072, 140000, pages} {
				want, run := -1, uint64(0)
				for i, set := range model {
					if run++; !set {
						run = 0
					}
					if run == n {
						want = i + 1 - int(n)
						break
					}
				}
				got, ok := r.find(n)
				if ok != (want >= 0) || ok && got != uint64(want) {
					t.Fatalf("seed %d, step %d: a run of %d at %d, %v, want %d", seed, step, n, got, ok, want)
				}
			}
			for _, n := range []uint64{1, 8, 300, 512} {
				to, want := uint64(rnd.IntN(pages/chunkPages)+1), -1
				for c := range to {
					run := uint64(0)
					for _, set := range model[c*chunkPages : (c+1)*chunkPages] {
						if run++; !set {
							run = 0
						}
						if run >= n {
							want = int(c)
						}
					}
				}
				if got, ok := r.highest(to, n); ok != (want >= 0) || ok && got != uint64(want) {
					t.Fatalf("seed %d, step %d: the last chunk below %d with a run of %d is %d, %v, want %d", seed, step, to, n, got, ok, want)
				}
			}
			if err := r.check("bits"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What a search costs does not depend on the heap's size: all but the last pages of
// 28 GiB are taken.
func BenchmarkFindRun(b *testing.B) {
	var r runs
	r.grow(maxPages / chunkPages)
	r.set(maxPages-100, 3, true)
	r.set(maxPages-50, 40, true)
	for b.Loop() {
		if p, _ := r.find(20); p != maxPages-50 {
			b.Fatal(p)
		}
	}
}

func BenchmarkSetRun(b *testing.B) {
	var r runs
	r.grow(maxPages / chunkPages)
	for i := uint64(0); b.Loop(); i++ {
		p := i * 977 % (maxPages - 4)
		r.set(p, 4, i&1 == 0)
	}
}
