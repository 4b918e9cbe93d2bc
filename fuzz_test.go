package terrarium

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// fuzzSource touches what hostile instructions like to reach: maps, slices,
// strings, interfaces, closures, defers, goroutines, channels.
const fuzzSource = `package main

type shape interface{ area() int }
type square struct{ side int; name string }
func (s *square) area() int { return s.side * s.side }

func main() {
	defer func() { println("end", recover() != nil) }()
	m := map[string]int{"a": 1}
	list := []int{1, 2, 3}
	for i := 0; i < 20; i++ {
		list = append(list, i*i)
		m[string(rune('a'+i))] = list[i]
	}
	var s shape = &square{side: len(m), name: "x"}
	c := make(chan int, 2)
	go func() { for _, v := range list { c <- v + s.area() }; close(c) }()
	sum := 0
	for v := range c { sum += v }
	f := func(n int) int { return sum / n }
	println(sum, f(3), s.(*square).name)
	var e any = f
	_ = e.(func(int) int)(0)
}
`

// fuzzImage is the image of fuzzSource.
var fuzzImage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "main.go")
	if err := os.WriteFile(name, []byte(fuzzSource), 0o644); err != nil {
		return nil, err
	}
	p, err := Compile(context.Background(), Options{Args: []string{name}})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = p.WriteImage(&b)
	return b.Bytes(), err
})

// imageHead is the number of bytes before an image's payload; see package bytecode.
const imageHead = 32

// edited applies edits to an image and makes its checksum right again. An edit is six bytes:
// where (4, modulo the payload's size), what to do (1), with which byte (1).
func edited(image, edits []byte) []byte {
	out := bytes.Clone(image)
	body := out[imageHead : len(out)-sha256.Size]
	for ; len(edits) >= 6; edits = edits[6:] {
		at := int(binary.LittleEndian.Uint32(edits) % uint32(len(body)))
		switch v := edits[5]; edits[4] % 3 {
		case 0:
			body[at] = v
		case 1:
			body[at] ^= 1 << (v % 8)
		case 2:
			body[at] += v
		}
	}
	sum := sha256.Sum256(body)
	copy(out[len(out)-sha256.Size:], sum[:])
	return out
}

// FuzzImage runs damaged programs that carry a right checksum. Whatever they do – be
// refused, panic, run out of steps – it must not harm the host.
func FuzzImage(f *testing.F) {
	image, err := fuzzImage()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{0, 1, 0, 0, 1, 3})
	f.Add([]byte{0x40, 0x30, 0, 0, 0, 0xff, 0x90, 0x31, 0, 0, 2, 1})
	f.Fuzz(func(t *testing.T, edits []byte) {
		runHostile(t, edited(image, edits[:min(len(edits), 60)]))
	})
}

func runHostile(t *testing.T, image []byte) (ran bool) {
	p, err := ReadImage(bytes.NewReader(image), 64<<20)
	if err != nil || p.Verify() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	start := time.Now()
	res, err := p.Run(ctx, Config{Memory: 64 << 20, Steps: 300_000, Deterministic: true, Seed: 1, Procs: 1,
		MaxStack: 1 << 20, Stdout: io.Discard, Stderr: io.Discard, Args: []string{"fuzz"}})
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("ended after %v: %+v, %v", took, res, err)
	}
	return true
}

// TestHostileImages is the fuzz target with edits of its own, so that it runs with every test.
func TestHostileImages(t *testing.T) {
	image, err := fuzzImage()
	if err != nil {
		t.Fatal(err)
	}
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	state := uint64(12345)
	next := func() uint32 {
		state = state*6364136223846793005 + 1442695040888963407
		return uint32(state >> 33)
	}
	ran := 0
	for range rounds {
		var edits []byte
		for range 1 + next()%3 {
			edits = binary.LittleEndian.AppendUint32(edits, next())
			edits = append(edits, byte(next()), byte(next()))
		}
		if runHostile(t, edited(image, edits)) {
			ran++
		}
	}
	t.Logf("%d of %d damaged programs were admitted and ran", ran, rounds)
	if ran == 0 {
		t.Error("no damaged program was admitted: the test says nothing")
	}
}
