package pacer

// Limiter bounds the share of processor time that collections may take, so that
// a program close to its memory limit slows down but does not stand still.
//
// It is a leaky bucket of processor time: what collections take flows in, what
// the program takes flows out. It is full when collections have taken a second
// per processor more than half of the time; it limits while it is full. Short bursts above one
// half, at start-up or when a structure is built, pass. What flows in beyond is kept up to another
// second, so that in the long run half of the time is the program's.
//
//	0 <= fill <= 2 * capacity;  limiting = (fill >= capacity)
type Limiter struct {
	fill     int64 // ns
	capacity int64 // ns
}

// capacityPerProc is the nanoseconds by which collections may run ahead, per processor.
const capacityPerProc = 1e9

// SetProcs says how many processors there are. The bucket keeps its content.
func (l *Limiter) SetProcs(procs int) {
	l.capacity = int64(procs) * capacityPerProc
	l.fill = min(l.fill, 2*l.capacity)
}

// Add tells of a span of time: nanoseconds of processor time that collections and that the
// program took. Processors that had nothing to do, or marked because they had
// nothing else to do, are in neither.
func (l *Limiter) Add(collecting, program int64) {
	l.fill = min(max(l.fill+max(collecting, 0)-max(program, 0), 0), 2*l.capacity)
}

// Limiting reports whether collections have had more than their share.
func (l *Limiter) Limiting() bool { return l.capacity > 0 && l.fill >= l.capacity }
