// Large values in the frames of many goroutines.
package main

func hold(block chan int, depth int) int {
	var a [4096]int
	for i := range a {
		a[i] = depth + i
	}
	if depth == 0 {
		<-block
	} else {
		a[7] += hold(block, depth-1)
	}
	return a[depth] + a[7]
}

func main() {
	block := make(chan int)
	for {
		go hold(block, 8)
	}
}
