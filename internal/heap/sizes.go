package heap

//go:generate go run mksizeclass.go

// Sizes every program can observe (through cap after append, and MemStats); they
// are those of the Go runtime.
const (
	PageShift = 13
	PageSize  = 1 << PageShift // bytes of one page, the unit of spans

	maxSmall     = 32768 // bytes; larger objects get spans of their own
	headerSize   = 8     // bytes that the Go runtime puts before a large-ish pointerful object
	headerMin    = 512   // pointerful objects above this many bytes have that header
	fineMax      = 1024  // bytes; up to here classes are looked up in steps of 8
	coarseStep   = 128   // bytes; step of the lookup above
	tinyMax      = 16    // bytes of a tiny block; smaller pointer-free objects share one
	tinyClass    = 2     // size class of a tiny block
	maxLargeSize = 1<<35 - 1<<32
)

// SpanClass is a size class and whether its objects are free of pointers:
// class<<1 | noscan.
type SpanClass uint8

// NumSpanClasses counts the span classes.
const NumSpanClasses = NumClasses << 1

// MakeSpanClass joins a size class and its noscan bit.
func MakeSpanClass(class uint8, noscan bool) SpanClass {
	if noscan {
		return SpanClass(class<<1 | 1)
	}
	return SpanClass(class << 1)
}

// Class is the size class; 0 stands for large objects.
func (c SpanClass) Class() uint8 { return uint8(c >> 1) }

// NoScan reports whether the objects hold no pointers.
func (c SpanClass) NoScan() bool { return c&1 != 0 }

// ClassSize is the slot size in bytes of a size class, 0 for class 0.
func ClassSize(class uint8) uint64 { return uint64(classSize[class]) }

// ClassPages is the number of pages of a span of a size class.
func ClassPages(class uint8) uint64 { return uint64(classPages[class]) }

// classOf is the smallest class whose slots hold size bytes; size is at most
// maxSmall.
func classOf(size uint64) uint8 {
	if size <= fineMax-8 {
		return fineClass[(size+7)/8]
	}
	return coarseClass[(size-fineMax+coarseStep-1)/coarseStep]
}

// ClassFor is the span class that a small object of size bytes is allocated
// from (16 or more bytes, or pointerful: tiny objects share slots). It reports
// false for zero-sized and large objects, which only Alloc knows how to place.
func ClassFor(size uint64, noscan bool) (SpanClass, bool) {
	if size == 0 || size > maxSmall-headerSize {
		return 0, false
	}
	if !noscan && size > headerMin {
		size += headerSize
	}
	return MakeSpanClass(classOf(size), noscan), true
}

// Size is the bytes that an object of n bytes occupies: its slot, or for large
// objects its pages. It is what MemStats counts.
func Size(n uint64, noscan bool) uint64 {
	if c, ok := ClassFor(n, noscan); ok {
		return ClassSize(c.Class())
	}
	if n == 0 {
		return 0
	}
	return (n + PageSize - 1) &^ (PageSize - 1)
}

// RoundUp is the most bytes a caller that needs n may use of the object it
// gets: what append grows a slice's capacity to. The size of a malloc header is
// not usable, although nothing is stored there.
func RoundUp(n uint64, noscan bool) uint64 {
	if n > maxSmall-headerSize {
		if up := n + PageSize - 1; up >= n {
			return up &^ (PageSize - 1)
		}
		return n
	}
	if !noscan && n > headerMin {
		return uint64(classSize[classOf(n+headerSize)]) - headerSize
	}
	return uint64(classSize[classOf(n)])
}
