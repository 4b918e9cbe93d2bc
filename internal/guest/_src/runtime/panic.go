package runtime

import "internal/abi"

// Panics.
//
// A panic runs the deferred calls of the goroutine, newest first, on top of the
// panicking frame: gopanic is an ordinary frame, and the deferred call is an
// ordinary call made by it. The machine keeps one record per running panic (or
// Goexit) and the list of deferred calls:
//
//	panicStart  opens a record that belongs to the calling frame
//	nextDefer   takes the newest deferred call that is not yet running off the list;
//	            nil when there is none. A call that a later panic takes from under an
//	            earlier one marks the earlier panic as aborted when frames are unwound.
//	panicDone   after the deferred call has returned: if it recovered this panic, the
//	            machine unwinds to the frame that deferred it, which then returns to its
//	            caller in the normal way, and panicDone does not return; otherwise it
//	            returns and the next deferred call runs
//	recover     is an instruction: it succeeds in a function called directly by the gopanic
//	            frame of the newest record, wrappers not counted
//	panicArg    lists the records for printing, oldest first
//	fatalPanic  prints the tracebacks and ends the program with exit code 2

func panicStart(arg any, goexit bool)
func nextDefer() func()
func panicDone()

// panicArg gives record i, oldest first; ok is false behind the last.
func panicArg(i int) (arg any, goexit, recovered, ok bool)

func fatalPanic()

// fatal ends the program with a fatal error that is the program's fault. Panics in progress are printed before, errors
// among them as the values that they are: no code of the program runs any more.
func fatal(s string) {
	if list := panics(); len(list) > 0 {
		printpanics(list)
		if !list[len(list)-1].goexit {
			print("\t")
		}
	}
	fatalError(s)
}

// goexitDone ends the goroutine after its deferred calls have run.
func goexitDone()

// gopanic is panic(e).
func gopanic(e any) {
	if e == nil && godebug("panicnil") != "1" {
		e = new(PanicNilError)
	}
	panicStart(e, false)
	for {
		fn := nextDefer()
		if fn == nil {
			break
		}
		fn()
		panicDone()
	}
	printpanics(preprint())
	fatalPanic()
}

// goexit is what the first function of a goroutine returns to, as far as Callers can tell.
func goexit() {}

// Goexit ends the calling goroutine after running its deferred calls.
func Goexit() { goexit0() }

// goexit0 is the body of Goexit; recover in its deferred calls finds no panic.
func goexit0() {
	panicStart(nil, true)
	for {
		fn := nextDefer()
		if fn == nil {
			break
		}
		fn()
		panicDone()
	}
	goexitDone()
}

// A panicText is one record as it is printed.
type panicText struct {
	arg        any // a string in place of an error or Stringer
	goexit     bool
	recovered  bool
	repanicked bool // the next record carries the same value
}

// panics is the list of records.
func panics() (list []panicText) {
	for i := 0; ; i++ {
		arg, goexit, recovered, ok := panicArg(i)
		if !ok {
			break
		}
		list = append(list, panicText{arg: arg, goexit: goexit, recovered: recovered})
	}
	for i := range list {
		if i+1 < len(list) && *efaceOf(&list[i].arg) == *efaceOf(&list[i+1].arg) {
			list[i].repanicked = true
		}
	}
	return list
}

// preprint collects the records, oldest first, and turns errors and Stringers
// into strings, which is guest code and may itself panic.
func preprint() []panicText {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case string:
			throw("panic while printing panic value: " + r)
		default:
			throw("panic while printing panic value: type " + typeNameOf(r))
		}
	}()
	list := panics()
	for i := range list {
		if list[i].repanicked {
			continue
		}
		switch v := list[i].arg.(type) {
		case error:
			list[i].arg = v.Error()
		case stringer:
			list[i].arg = v.String()
		}
	}
	return list
}

// printpanics prints the chain of panics, oldest first.
func printpanics(list []panicText) {
	first := true
	for i := range list {
		p := &list[i]
		if i > 0 && list[i-1].repanicked {
			// The same value again: the older record stood for both, but the text is the newer one's.
			p.recovered = p.recovered || list[i-1].recovered
		}
		if p.goexit {
			first = true
			continue
		}
		if p.repanicked {
			continue
		}
		if !first {
			print("\t")
		}
		first = false
		print("panic: ")
		printpanicval(p.arg)
		if i > 0 && list[i-1].repanicked && p.recovered {
			print(" [recovered, repanicked]")
		} else if p.recovered {
			print(" [recovered]")
		}
		print("\n")
	}
}

func typeNameOf(v any) string { return typeName((*abi.Type)(efaceOf(&v).typ)) }
