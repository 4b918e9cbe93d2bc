// Pipes without end.
package main

import "os"

func main() {
	var ends []*os.File
	for {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		ends = append(ends, r, w)
	}
}
