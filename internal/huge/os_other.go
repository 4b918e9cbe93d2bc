//go:build !linux

package huge

func advise(from, n uintptr)   {}
func collapse(from, n uintptr) {}
func room() int                { return 0 }
