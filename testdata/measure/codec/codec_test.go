package codec

import "testing"

var sink []byte

func BenchmarkEncode(b *testing.B) {
	for i := 0; i < b.N; i++ {
		sink = Encode(uint64(i))
	}
}

func BenchmarkOther(b *testing.B) {
	for i := 0; i < b.N; i++ {
		sink = make([]byte, 48)
	}
}
