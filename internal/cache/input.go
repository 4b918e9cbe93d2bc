package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Inputs are the files and folders that a program was made from. The zero value
// is ready; methods are for one goroutine.
type Inputs struct {
	Made  int64 // Unix nanoseconds of the first addition
	Files []input
	Vars  []variable `json:",omitempty"`
	Note  string     `json:",omitempty"` // what the caller wants to know with the program

	seen map[string]bool
}

// input is one file or folder as it was. What it says is compared in this
// order: existence, Size and Time, then Sum.
type input struct {
	Path   string
	Absent bool   `json:",omitempty"`
	Size   int64  `json:",omitempty"` // bytes; of files
	Time   int64  `json:",omitempty"` // Unix nanoseconds of the last change
	Sum    string `json:",omitempty"` // hash of a file's contents, or of a folder's names; "": size and time decide alone
}

// variable is one variable of the environment as it was.
type variable struct {
	Name   string
	Value  string `json:",omitempty"`
	Absent bool   `json:",omitempty"`
}

// racy is how long before an entry a file may have been changed so that another
// change within one tick of the file system's clock would show the same time.
const racy = 2 * time.Second

func (in *Inputs) fresh(path string) bool {
	if in.seen == nil {
		in.seen = map[string]bool{}
	}
	if in.Made == 0 {
		in.Made = time.Now().UnixNano()
	}
	if in.seen[path] {
		return false
	}
	in.seen[path] = true
	return true
}

// File adds a file by its contents; one that does not exist is remembered as absent.
func (in *Inputs) File(path string) { in.add(path, fileSum) }

// Distribution adds a file that changes only with the installation it belongs to: by size and time.
func (in *Inputs) Distribution(path string) { in.add(path, nil) }

// Folder adds a folder by the names in it.
func (in *Inputs) Folder(path string) { in.add(path, folderSum) }

// State adds a file or folder that was only looked at from outside: existence, size and time count.
func (in *Inputs) State(path string) { in.add(path, nil) }

// Variable adds a variable of this process's environment.
func (in *Inputs) Variable(name string) {
	if in.fresh("$" + name) {
		value, ok := os.LookupEnv(name)
		in.Vars = append(in.Vars, variable{name, value, !ok})
	}
}

func (in *Inputs) add(path string, sum func(string) (string, error)) {
	if !in.fresh(path) {
		return
	}
	e := input{Path: path}
	info, err := os.Stat(path)
	if err != nil {
		e.Absent = true
	} else {
		e.Size, e.Time = sizeOf(info), info.ModTime().UnixNano()
		if sum != nil {
			if e.Sum, err = sum(path); err != nil {
				e.Absent = true
			}
		}
	}
	in.Files = append(in.Files, e)
}

// ChangedSince reports whether an input may have been changed after a time. What
// was compiled from t on may then be older than what the list says.
func (in *Inputs) ChangedSince(t time.Time) bool {
	const tick = 10 * time.Millisecond // file systems take the time from a coarse clock
	after := t.Add(-tick).UnixNano()
	return slices.ContainsFunc(in.Files, func(e input) bool { return e.Time > after })
}

// sizeOf is the size of a file; a folder's says nothing.
func sizeOf(info fs.FileInfo) int64 {
	if info.IsDir() {
		return 0
	}
	return info.Size()
}

// current reports whether every input is as it was.
func (in *Inputs) current() bool {
	if len(in.Files) == 0 {
		return false
	}
	for _, v := range in.Vars {
		if value, ok := os.LookupEnv(v.Name); value != v.Value || ok == v.Absent {
			return false
		}
	}
	return !slices.ContainsFunc(in.Files, func(e input) bool { return !e.current(in.Made) })
}

func (e *input) current(made int64) bool {
	info, err := os.Stat(e.Path)
	if err != nil {
		return e.Absent && errors.Is(err, fs.ErrNotExist)
	}
	if e.Absent || sizeOf(info) != e.Size {
		return false
	}
	same := info.ModTime().UnixNano() == e.Time
	if e.Sum == "" {
		return same
	}
	if same && e.Time < made-int64(racy) {
		return true
	}
	sum := fileSum
	if info.IsDir() {
		sum = folderSum
	}
	now, err := sum(e.Path)
	return err == nil && now == e.Sum
}

func fileSum(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

func folderSum(path string) (string, error) {
	list, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, e := range list {
		h.Write([]byte(strconv.Quote(e.Name()) + e.Type().String()))
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// Above adds the named files in a folder and in each one above it, as files that may be absent.
func (in *Inputs) Above(dir string, names ...string) {
	for {
		for _, n := range names {
			in.File(filepath.Join(dir, n))
		}
		up := filepath.Dir(dir)
		if up == dir {
			return
		}
		dir = up
	}
}

// Sources adds a folder with all its Go and assembly files, whether they are selected or not.
func (in *Inputs) Sources(dir string) {
	in.Folder(dir)
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		if n := e.Name(); strings.HasSuffix(n, ".go") || strings.HasSuffix(n, ".s") {
			in.File(filepath.Join(dir, n))
		}
	}
}

// Tree adds a folder and all below it: folders by their names, files by contents.
func (in *Inputs) Tree(dir string) {
	filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case d.IsDir():
			in.Folder(name)
		case d.Type().IsRegular():
			in.File(name)
		}
		return nil
	})
}
