// Package codec has an encoder that allocates once a call.
package codec

// Encode returns n in base 128, least significant digits first.
func Encode(n uint64) []byte {
	out := make([]byte, 0, 64)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}
