package bench

import "testing"

func BenchmarkAppend(b *testing.B) {
	for b.Loop() {
		_ = append([]int(nil), 1, 2, 3)
	}
}

func BenchmarkSub(b *testing.B) {
	b.Run("x=1", func(b *testing.B) {
		for range b.N {
		}
	})
}
