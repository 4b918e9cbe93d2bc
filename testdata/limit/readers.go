// Goroutines that all read from standard input and write to standard output.
package main

import "os"

func main() {
	for {
		go func() {
			b := make([]byte, 1<<16)
			for {
				os.Stdin.Read(b[:])
				os.Stdout.Write(b)
			}
		}()
	}
}
