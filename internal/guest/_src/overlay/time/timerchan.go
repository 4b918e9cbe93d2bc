package time

import "unsafe"

// syncTimer is the channel that the machine keeps in step with its timer, or nil
// for the asynchronous channels of old, which GODEBUG=asynctimerchan=1 and 2 ask for.
func syncTimer(c chan Time) unsafe.Pointer {
	switch asynctimerchan.Value() {
	case "1", "2":
		asynctimerchan.IncNonDefault()
		return nil
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&c))
}
