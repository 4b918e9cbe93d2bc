package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	wg.Go(func() {
		defer fmt.Println("deferred", recover())
		defer func() { fmt.Println("in goexit", recover()) }()
		runtime.Goexit()
		fmt.Println("never")
	})
	wg.Wait()
	wg.Go(func() {
		defer func() {
			fmt.Println("last", recover())
		}()
		defer runtime.Goexit()
		panic("stopped by Goexit")
	})
	wg.Wait()
	wg.Go(func() {
		defer fmt.Println("end of third")
		func() {
			defer func() {
				recover()
				runtime.Goexit()
			}()
			panic(1)
		}()
		fmt.Println("never")
	})
	wg.Wait()
	defer fmt.Println("main's defer runs")
	runtime.Goexit()
}
