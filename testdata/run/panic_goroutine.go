package main

import (
	"fmt"
	"time"
)

type worker struct{ name string }

func (w *worker) run(i int) {
	if i == 2 {
		panic("worker " + w.name)
	}
}

func main() {
	fmt.Println("start")
	defer fmt.Println("never: another goroutine ends the program")
	for i := range 3 {
		go (&worker{"ann"}).run(i)
	}
	time.Sleep(time.Minute)
}
