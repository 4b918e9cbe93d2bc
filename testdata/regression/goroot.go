// The root of the distribution is known to programs, as to those that go run has built: go/build and go/importer find
// the standard library's source by it.
package main

import (
	"fmt"
	"go/build"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

func main() {
	root := runtime.GOROOT()
	fmt.Println(filepath.IsAbs(root), build.Default.GOROOT == root)
	pc, file, _, _ := runtime.Caller(0)
	fmt.Println(runtime.FuncForPC(pc).Name(), filepath.Base(file))
	f := runtime.FuncForPC(funcPC(strings.ToUpper))
	name, _ := f.FileLine(f.Entry())
	fmt.Println(name == filepath.Join(root, "src", "strings", "strings.go"))
}

func funcPC(f any) uintptr { return reflect.ValueOf(f).Pointer() }
