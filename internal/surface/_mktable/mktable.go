// Mktable writes the table of the Go distribution in use. It is run from the module's folder:
//
//	go run internal/surface/_mktable/mktable.go
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"

	"github.com/terrarium-go/terrarium/internal/load"
	"github.com/terrarium-go/terrarium/internal/surface"
)

func main() {
	log.SetFlags(0)
	cmd := exec.Command("go", "list", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "std")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		log.Fatal(err)
	}
	var paths []string
	for _, p := range strings.Fields(string(out)) {
		if p != "runtime" && p != "unsafe" && !strings.HasPrefix(p, "runtime/cgo") && !strings.HasPrefix(p, "vendor/") {
			paths = append(paths, p)
		}
	}
	prog, err := load.Load(&load.Config{Library: true}, paths...)
	if err != nil {
		log.Fatal(err)
	}
	lines := surface.Of(prog)
	version := strings.Join(strings.SplitN(prog.GoVersion, ".", 3)[:2], ".")
	name := "internal/surface/tables/" + version + ".txt"
	text := fmt.Sprintf("# What the standard library of %s expects of its runtime. Written by mktable.go.\n%s\n", prog.GoVersion, strings.Join(lines, "\n"))
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d lines\n", name, len(lines))
}
