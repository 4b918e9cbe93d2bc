// Package guest holds the Go source that the guest compiles in place of, or on
// top of, the standard library's. It is guest code: nothing here runs in the
// host, and only package load reads it.
//
// # What is embedded
//
//	_src/runtime/*.go               package runtime, wholly replaced
//	_src/overlay/<import path>/*.go additions to the std package of that path
//	_src/test/<import path>/*.go    the same, in test programs only
//
// # The overlay rule
//
// An overlay file joins the package it names. Each constant, variable, function,
// type or method that it declares at top level takes the place of the
// declaration of the same name (for a method: the same receiver type and name)
// in the distribution's files, which are otherwise compiled as they are. A
// linkname directive of the distribution for a replaced name goes with it.
// Imports that only replaced code used are dropped. A replaced constant leaves a
// blank name behind, so that iota counts on undisturbed; init functions and blank
// declarations add and never replace.
//
// File selection (build tags, _GOOS names) applies here as in the distribution.
package guest

import (
	"crypto/sha256"
	"embed"
	"io/fs"
	"sort"
	"strings"
)

//go:embed all:_src
var src embed.FS

// FS returns the embedded tree: the folders runtime and overlay.
func FS() fs.FS { return sub(src, "_src") }

// Runtime returns the files of package runtime.
func Runtime() fs.FS { return sub(src, "_src/runtime") }

// Overlay returns the folder that overlays the std package of the given import
// path, or nil if there is none.
func Overlay(path string) fs.FS { return overlay("_src/overlay/" + path) }

// TestOverlay is Overlay for test programs, of packages that have none for all programs.
func TestOverlay(path string) fs.FS { return overlay("_src/test/" + path) }

func overlay(dir string) fs.FS {
	if len(goFiles(dir)) == 0 {
		return nil
	}
	return sub(src, dir)
}

// Overlays returns the import paths that have an overlay, sorted.
func Overlays() []string {
	var paths []string
	fs.WalkDir(src, "_src/overlay", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(goFiles(name)) > 0 {
			paths = append(paths, strings.TrimPrefix(name, "_src/overlay/"))
		}
		return nil
	})
	sort.Strings(paths)
	return paths
}

// Sources returns the name of every embedded Go file relative to FS, sorted.
func Sources() []string {
	var names []string
	fs.WalkDir(src, "_src", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ".go") {
			names = append(names, strings.TrimPrefix(name, "_src/"))
		}
		return nil
	})
	sort.Strings(names)
	return names
}

// Hash returns a digest of names and contents of all sources, for cache keys.
func Hash() [sha256.Size]byte {
	h := sha256.New()
	for _, name := range Sources() {
		text, err := src.ReadFile("_src/" + name)
		if err != nil {
			panic("BUG: guest: embedded file is listed but unreadable: " + err.Error())
		}
		h.Write([]byte(name))
		h.Write([]byte{0})
		sum := sha256.Sum256(text)
		h.Write(sum[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// goFiles returns the names of the Go files directly in dir.
func goFiles(dir string) []string {
	entries, err := src.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".go") {
			names = append(names, e.Name())
		}
	}
	return names
}

func sub(fsys fs.FS, dir string) fs.FS {
	s, err := fs.Sub(fsys, dir)
	if err != nil {
		panic("BUG: guest: " + err.Error())
	}
	return s
}
