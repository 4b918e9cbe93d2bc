package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

func pipe() (r, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	return r, w
}

// capture runs f with standard output in a pipe.
func capture(f func()) string {
	r, w := pipe()
	old := os.Stdout
	os.Stdout = w
	out := make(chan string)
	go func() {
		b, err := io.ReadAll(r)
		if err != nil {
			panic(err)
		}
		out <- string(b)
	}()
	f()
	os.Stdout = old
	w.Close()
	return <-out
}

// large sends more than a pipe holds.
func large() {
	r, w := pipe()
	data := make([]byte, 1<<20+17)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	go func() {
		n, err := io.Copy(w, bytes.NewReader(data))
		fmt.Fprintln(os.Stderr, "copied", n, err)
		w.Close()
	}()
	got, err := io.ReadAll(r)
	fmt.Println(len(got), bytes.Equal(got, data), err)
	fmt.Println(r.Close(), r.Close())
}

// many lets several goroutines write lines, which must stay whole.
func many() {
	r, w := pipe()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 300 {
				fmt.Fprintf(w, "%d %d %s\n", i, j, strings.Repeat("x", j))
			}
		})
	}
	go func() { wg.Wait(); w.Close() }()
	next := [8]int{}
	s := bufio.NewScanner(r)
	for s.Scan() {
		var i, j int
		var x string
		if n, _ := fmt.Sscan(s.Text(), &i, &j, &x); n < 2 || next[i] != j || len(x) != j {
			fmt.Println("torn line", i, j, len(x))
			return
		}
		next[i]++
	}
	fmt.Println(next, s.Err())
}

func failures() {
	r, w := pipe()
	r.Close()
	_, err := w.Write([]byte("nobody"))
	fmt.Println(err, errors.Is(err, syscall.EPIPE))
	w.Close()
	_, err = w.Write([]byte("closed"))
	fmt.Println(err, errors.Is(err, os.ErrClosed))

	r, w = pipe()
	_, err = r.Write([]byte("x"))
	fmt.Println(err)
	_, err = w.Read(make([]byte, 1))
	fmt.Println(err)
	_, err = r.Seek(0, io.SeekStart)
	fmt.Println(err)
	_, err = r.ReadAt(make([]byte, 1), 0)
	fmt.Println(err)
	w.Write([]byte("left"))
	w.Close()
	b, err := io.ReadAll(r)
	fmt.Printf("%q %v\n", b, err)
	_, err = r.Read(b)
	fmt.Println(err)
	fmt.Println(r.Name(), w.Name())
	fi, err := r.Stat()
	fmt.Println(fi.Mode(), fi.Name(), err)
}

// closing wakes a reader by closing its own end, and a writer by closing the other.
func closing() {
	r, w := pipe()
	done := make(chan error)
	go func() {
		_, err := r.Read(make([]byte, 1))
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	r.Close()
	fmt.Println(errors.Is(<-done, os.ErrClosed))
	w.Close()

	r, w = pipe()
	go func() {
		n, err := w.Write(make([]byte, 200_000))
		fmt.Println(n >= 65536 && n < 200_000)
		done <- err
	}()
	io.ReadFull(r, make([]byte, 10_000))
	time.Sleep(20 * time.Millisecond)
	r.Close()
	fmt.Println(errors.Is(<-done, syscall.EPIPE))
}

func deadlines() {
	r, w := pipe()
	b := make([]byte, 8)
	fmt.Println(r.SetReadDeadline(time.Now().Add(20 * time.Millisecond)))
	_, err := r.Read(b)
	fmt.Println(err, errors.Is(err, os.ErrDeadlineExceeded))
	_, err = r.Read(b)
	fmt.Println(err)
	fmt.Println(r.SetDeadline(time.Time{}))
	w.Write([]byte("now"))
	n, err := r.Read(b)
	fmt.Printf("%q %v\n", b[:n], err)
	fmt.Println(w.SetWriteDeadline(time.Now().Add(-time.Second)))
	_, err = w.Write(b)
	fmt.Println(err)
	w.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	n, err = w.Write(make([]byte, 100_000))
	fmt.Println(n, errors.Is(err, os.ErrDeadlineExceeded))
	r.SetReadDeadline(time.Now().Add(time.Hour))
	r.SetReadDeadline(time.Now().Add(time.Minute))
	n, err = io.ReadFull(r, make([]byte, 65536))
	fmt.Println(n, err)
	w.Close()
	r.Close()
	fmt.Println(errors.Is(r.SetDeadline(time.Now()), os.ErrClosed))
}

// blocking uses descriptors that Fd has put into blocking mode.
func blocking() {
	r, w := pipe()
	r.Fd()
	fd := int(w.Fd())
	go func() {
		time.Sleep(5 * time.Millisecond)
		for rest := []byte(strings.Repeat("abc", 50_000)); len(rest) > 0; {
			n, err := syscall.Write(fd, rest)
			if err != nil {
				panic(err)
			}
			rest = rest[n:]
		}
		w.Close()
	}()
	b, err := io.ReadAll(r)
	fmt.Println(len(b), err)
}

func main() {
	fmt.Printf("%q\n", capture(func() {
		fmt.Println("captured")
		fmt.Print(1, 2, "three")
	}))
	large()
	many()
	failures()
	closing()
	deadlines()
	blocking()
	for range 3000 { // more than there are descriptors
		r, w := pipe()
		w.Write([]byte("x"))
		r.Close()
		w.Close()
	}
	fmt.Println("end")
}
