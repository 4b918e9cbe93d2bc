package main

type box struct {
	pad [100]int
	n   int
}

func load(b *box) int { return b.n }

func main() {
	var b *box
	println("before")
	println(load(b))
}
