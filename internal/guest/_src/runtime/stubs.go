package runtime

import (
	"internal/abi"
	"unsafe"
)

// Host functions that other files of this package use by several names.

// newOf returns zeroed memory for one value of type t.
func newOf(t *abi.Type) unsafe.Pointer

// newarray returns zeroed memory for n values of type t; it panics if that is too large.
func newarray(t *abi.Type, n int) unsafe.Pointer

// typedmemmove copies a value of type t; src and dst may overlap.
func typedmemmove(t *abi.Type, dst, src unsafe.Pointer)

// typedmemclr clears a value of type t.
func typedmemclr(t *abi.Type, p unsafe.Pointer)

//go:noescape
func memmove(dst, src unsafe.Pointer, n uintptr)

// rand returns a random number from the processor's generator; seeded runs repeat.
func rand() uint64

// nanotime is the monotonic clock in nanoseconds.
func nanotime() int64

// walltime is the wall clock.
func walltime() (sec int64, nsec int32)

// throw ends the program with a fatal error of the machine: "fatal error: s", a traceback, exit code 2.
func throw(s string)

// fatalError is throw for errors that are the program's fault.
func fatalError(s string)

// exit ends the program.
func exit(code int)

// write writes n bytes at p to the standard output (1) or error (2).
//
//go:noescape
func write(fd uintptr, p unsafe.Pointer, n int32) int32

//go:linkname godebug_write internal/godebug.write
func godebug_write(fd uintptr, p unsafe.Pointer, n int32) int32 { return write(fd, p, n) }

func rand32() uint32 { return uint32(rand() >> 32) }

func randn(n uint32) uint32 { return uint32((uint64(uint32(rand())) * uint64(n)) >> 32) }

//go:linkname sync_randn sync.runtime_randn
func sync_randn(n uint32) uint32 { return randn(n) }

//go:linkname os_rand os.runtime_rand
func os_rand() uint64 { return rand() }

//go:linkname rand_rand math/rand.runtime_rand
func rand_rand() uint64 { return rand() }

//go:linkname rand2_rand math/rand/v2.runtime_rand
func rand2_rand() uint64 { return rand() }

//go:linkname maphash_rand hash/maphash.runtime_rand
func maphash_rand() uint64 { return rand() }

//go:linkname sync_rand internal/sync.runtime_rand
func sync_rand() uint64 { return rand() }

//go:linkname unique_rand unique.runtime_rand
func unique_rand() uint64 { return rand() }

//go:linkname concurrent_rand internal/concurrent.rand
func concurrent_rand() uint64 { return rand() }

//go:linkname maphash_memhash hash/maphash.runtime_memhash
func maphash_memhash(p unsafe.Pointer, seed, n uintptr) uintptr { return memhash(p, seed, n) }

// memhash hashes n bytes at p.
//
//go:noescape
func memhash(p unsafe.Pointer, seed, n uintptr) uintptr

// strhash hashes the string at p.
//
//go:noescape
func strhash(p unsafe.Pointer, seed uintptr) uintptr

// Old names that widely used modules pull by linkname.

func fastrand() uint32           { return rand32() }
func fastrandn(n uint32) uint32  { return randn(n) }
func fastrand64() uint64         { return rand() }
func cheaprand() uint32          { return rand32() }
func cheaprandn(n uint32) uint32 { return randn(n) }

//go:linkname internal_sync_throw internal/sync.throw
func internal_sync_throw(s string) { throw(s) }

//go:linkname internal_sync_fatal internal/sync.fatal
func internal_sync_fatal(s string) { fatal(s) }

//go:linkname sync_fatal sync.fatal
func sync_fatal(s string) { fatal(s) }

//go:linkname sync_throw sync.throw
func sync_throw(s string) { throw(s) }

//go:linkname rand_fatal crypto/rand.fatal
func rand_fatal(s string) { fatal(s) }

//go:linkname sysrand_fatal crypto/internal/sysrand.fatal
func sysrand_fatal(s string) { fatal(s) }

//go:linkname fips_fatal crypto/internal/fips140.fatal
func fips_fatal(s string) { fatal(s) }

//go:linkname cgroup_throw internal/runtime/cgroup.throw
func cgroup_throw(s string) { throw(s) }

// The FIPS indicator is per goroutine in the real runtime; this one goroutine-local word is kept by the host.

//go:linkname fips_getIndicator crypto/internal/fips140.getIndicator
func fips_getIndicator() uint8 { return uint8(getgLocal(0)) }

//go:linkname fips_setIndicator crypto/internal/fips140.setIndicator
func fips_setIndicator(v uint8) { setgLocal(0, uint64(v)) }

//go:linkname fips140_setBypass crypto/fips140.setBypass
func fips140_setBypass() { setgLocal(1, 1) }

//go:linkname fips140_unsetBypass crypto/fips140.unsetBypass
func fips140_unsetBypass() { setgLocal(1, 0) }

//go:linkname fips140_isBypassed crypto/fips140.isBypassed
func fips140_isBypassed() bool { return getgLocal(1) != 0 }

// getgLocal and setgLocal access small words that belong to the running goroutine.
func getgLocal(i int) uint64
func setgLocal(i int, v uint64)

//go:linkname dit_setEnabled crypto/subtle.setDITEnabled
func dit_setEnabled() bool { return false }

//go:linkname dit_setDisabled crypto/subtle.setDITDisabled
func dit_setDisabled() {}

//go:linkname bytealg_MakeNoZero internal/bytealg.MakeNoZero
func bytealg_MakeNoZero(n int) []byte { return rawBytes(n) }

// rawBytes is a slice of n bytes whose capacity is all of its size class. The bytes are arbitrary.
func rawBytes(n int) []byte

// complex128div divides complex numbers by Smith's method, scaling by the larger
// part of the divisor; where that gives NaN twice, the infinities and zeros of
// Annex G of C99 decide.
func complex128div(num, den complex128) complex128 {
	re, im := smithDiv(real(num), imag(num), real(den), imag(den))
	if !isNaN(re) || !isNaN(im) {
		return complex(re, im)
	}
	nr, ni, dr, di := real(num), imag(num), real(den), imag(den)
	switch {
	case den == 0 && !(isNaN(nr) && isNaN(ni)):
		big := copysign(inf, dr)
		return complex(big*nr, big*ni)
	case (isInf(nr) || isInf(ni)) && isFinite(dr) && isFinite(di):
		nr, ni = infSign(nr), infSign(ni)
		return complex(inf*(nr*dr+ni*di), inf*(ni*dr-nr*di))
	case (isInf(dr) || isInf(di)) && isFinite(nr) && isFinite(ni):
		dr, di = infSign(dr), infSign(di)
		return complex(0*(nr*dr+ni*di), 0*(ni*dr-nr*di))
	}
	return complex(re, im)
}

func smithDiv(nr, ni, dr, di float64) (re, im float64) {
	if abs(dr) >= abs(di) {
		q := di / dr
		s := dr + q*di
		return (nr + ni*q) / s, (ni - nr*q) / s
	}
	q := dr / di
	s := di + q*dr
	return (nr*q + ni) / s, (ni*q - nr) / s
}

var inf = *(*float64)(unsafe.Pointer(&infBits))
var infBits uint64 = 0x7FF0000000000000

func isNaN(f float64) bool    { return f != f }
func isFinite(f float64) bool { return !isNaN(f - f) }
func isInf(f float64) bool    { return !isNaN(f) && !isFinite(f) }

func abs(f float64) float64 {
	return frombits(bitsof(f) &^ (1 << 63))
}

func copysign(f, sign float64) float64 {
	return frombits(bitsof(f)&^(1<<63) | bitsof(sign)&(1<<63))
}

// infSign is ±1 for an infinity and ±0 otherwise.
func infSign(f float64) float64 {
	if isInf(f) {
		return copysign(1, f)
	}
	return copysign(0, f)
}

func bitsof(f float64) uint64   { return *(*uint64)(unsafe.Pointer(&f)) }
func frombits(u uint64) float64 { return *(*float64)(unsafe.Pointer(&u)) }

// smallWords is the read-only table of the words 0 to 255 that small integers in interfaces refer to. Calls of it become
// its address.
func smallWords() *[256]uint64

// staticWords is for package reflect.
func staticWords() *[256]uint64 { return smallWords() }
