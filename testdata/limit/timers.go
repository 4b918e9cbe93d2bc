// Timers without end.
package main

import "time"

func main() {
	n := 0
	for {
		time.AfterFunc(time.Hour, func() { n++ })
	}
}
