// unsafe.Slice and string headers that say more than there is, given to everything that copies.
package main

import (
	"os"
	"strings"
	"unsafe"
)

func main() {
	b := make([]byte, 16)
	try := func(f func(s []byte)) {
		defer func() { recover() }()
		f(unsafe.Slice(&b[0], 1<<34))
	}
	try(func(s []byte) { _ = string(s) })
	try(func(s []byte) { s = append(s, 1) })
	try(func(s []byte) { os.Stdout.Write(s) })
	try(func(s []byte) { os.Open(unsafe.String(&s[0], len(s))) })
	try(func(s []byte) { _ = strings.Repeat(unsafe.String(&s[0], len(s)), 2) })
	try(func(s []byte) { _ = unsafe.String(&s[0], len(s)) + "x" })
	try(func(s []byte) { m := map[string]int{}; m[unsafe.String(&s[0], len(s))] = 1 })
	var keep [][]byte
	for {
		keep = append(keep, make([]byte, 1<<20))
	}
}
