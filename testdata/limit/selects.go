// Goroutines that wait in selects of many cases, without end.
package main

import "reflect"

func main() {
	c, d := make(chan int), make(chan int)
	cases := make([]reflect.SelectCase, 200)
	for i := range cases {
		cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)}
	}
	for {
		go reflect.Select(cases)
		go func() {
			select {
			case <-c:
			case <-c:
			case d <- 1:
			case <-c:
			}
		}()
	}
}
