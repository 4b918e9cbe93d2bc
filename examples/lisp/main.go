// Lisp is a small Lisp whose data lives on Terrarium's heap: pairs, symbols,
// strings, closures, environments. The host program holds nothing of it but roots.
//
//	go run ./examples/lisp                        the program tour.lisp
//	go run ./examples/lisp -memory 4194304 f.lisp
//	go run ./examples/lisp -gc concurrent
package main

import (
	_ "embed"
	"flag"
	"log"
	"os"

	"github.com/terrarium-go/terrarium/memory"
)

//go:embed tour.lisp
var tour string

func main() {
	limit := flag.Uint64("memory", 8<<20, "hard limit in bytes")
	collector := flag.String("gc", "marksweep", "collector: marksweep, concurrent, nogc")
	flag.Parse()
	text, err := []byte(tour), error(nil)
	if flag.NArg() > 0 {
		text, err = os.ReadFile(flag.Arg(0))
	}
	if err == nil {
		err = run(memory.Config{Limit: *limit, Collector: *collector}, string(text), os.Stdout)
	}
	if err != nil {
		log.Fatal("lisp: ", err)
	}
}
