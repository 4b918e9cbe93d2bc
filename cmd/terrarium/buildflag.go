package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// buildFlags are flags of the go command that decide what is compiled. Those about modules are the go command's own
// business, which takes them from GOFLAGS.
type buildFlags struct {
	tags  string
	other []string // flags for GOFLAGS, "-mod=vendor"
}

// forGo are flags that only the go command needs.
var forGo = []struct{ name, doc string }{
	{"mod", "how the go command finds modules: readonly, vendor, `mod`"},
	{"modfile", "read this `file` instead of go.mod"},
}

// unsupportedBuildFlags are flags of go run and go build that have no meaning here, with the reason.
var unsupportedBuildFlags = map[string]string{
	"race": "the race detector needs native code", "msan": "it needs native code", "asan": "it needs native code",
	"cover":    "coverage is not measured",
	"ldflags":  "there is no linker",
	"gcflags":  "-inline=off and -escape=off leave optimisations out, terrarium escape -m tells of them",
	"asmflags": "there is no assembler", "gccgoflags": "there is no gccgo", "compiler": "there is one compiler",
	"buildmode": "there is one kind of image", "linkshared": "there are no shared libraries", "toolexec": "no tools are executed",
	"trimpath": "positions are whole paths", "overlay": "files are read where they are", "pgo": "profiles are not used",
	"exec": "there is no binary to execute",
	"n":    "no commands are executed", "x": "no commands are executed", "work": "there is no work folder",
	"a": "-no-cache compiles anew", "installsuffix": "nothing is installed", "pkgdir": "nothing is installed",
}

func (b *buildFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&b.tags, "tags", "", "comma-separated build `tags`")
	for _, f := range forGo {
		fs.Func(f.name, f.doc, func(v string) error {
			b.other = append(b.other, "-"+f.name+"="+v)
			return nil
		})
	}
	fs.Func("C", "change to this `folder` first", os.Chdir)
}

// env is the environment of a compilation, nil for that of the process.
func (b *buildFlags) env() []string {
	if len(b.other) == 0 {
		return nil
	}
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " " + strings.Join(b.other, " "))
	return append(os.Environ(), "GOFLAGS="+flags)
}

func (b *buildFlags) tagList() []string {
	return strings.FieldsFunc(b.tags, func(r rune) bool { return r == ',' || r == ' ' })
}

// unsupported reports the first of the leading flags that the go command has and terrarium has not.
func unsupported(fs *flag.FlagSet, args []string, reasons map[string]string) bool {
	for _, a := range args {
		if len(a) < 2 || a[0] != '-' {
			return false
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
		if why, bad := reasons[name]; bad && fs.Lookup(name) == nil {
			fmt.Fprintf(os.Stderr, "%s: -%s is not supported: %s\n", fs.Name(), name, why)
			return true
		}
	}
	return false
}
