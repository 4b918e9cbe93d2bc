package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	dir, err := os.MkdirTemp("", "files")
	check(err)
	defer func() {
		check(os.RemoveAll(dir))
		_, err := os.Stat(dir)
		fmt.Println(errors.Is(err, fs.ErrNotExist))
	}()
	rel := func(err error) string {
		return strings.ReplaceAll(strings.ToLower(fmt.Sprint(err)), strings.ToLower(dir), "DIR")
	}
	in := func(name string) string { return filepath.Join(dir, name) }

	check(os.MkdirAll(in("a/b/c"), 0o755))
	for i, n := range []string{"one.txt", "a/two.txt", "a/b/three.md", "a/b/c/four.txt"} {
		check(os.WriteFile(in(n), []byte(strings.Repeat(n+"\n", i+1)), 0o644))
	}
	check(filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		check(err)
		r, _ := filepath.Rel(dir, p)
		info, err := d.Info()
		check(err)
		size := info.Size()
		if d.IsDir() {
			size = -1
		}
		fmt.Println(filepath.ToSlash(r), d.IsDir(), size)
		return nil
	}))
	m, _ := filepath.Glob(in("*/*.txt"))
	fmt.Println(len(m), rel(errors.New(strings.Join(m, " "))))

	f, err := os.OpenFile(in("log"), os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	check(err)
	w := bufio.NewWriter(f)
	for i := range 1000 {
		fmt.Fprintf(w, "line %d %s\n", i, strings.Repeat("x", i%50))
	}
	check(w.Flush())
	pos, err := f.Seek(-20, io.SeekEnd)
	check(err)
	b, err := io.ReadAll(f)
	fmt.Printf("%d %q %v\n", pos, b, err)
	_, err = f.WriteAt([]byte("LINE"), 0)
	check(err)
	buf := make([]byte, 12)
	n, err := f.ReadAt(buf, 0)
	fmt.Printf("%d %q %v\n", n, buf, err)
	n, err = f.ReadAt(buf, pos+15)
	fmt.Printf("%d %q %v\n", n, buf[:n], err)
	check(f.Truncate(100))
	st, _ := f.Stat()
	fmt.Println(st.Size(), st.Name(), st.Mode().IsRegular())
	check(f.Close())
	_, err = f.Write(nil)
	fmt.Println(rel(f.Close()), rel(err))

	_, err = os.OpenFile(in("log"), os.O_CREATE|os.O_EXCL, 0o600)
	fmt.Println(rel(err), errors.Is(err, fs.ErrExist))
	_, err = os.Open(in("missing"))
	var pe *fs.PathError
	fmt.Println(rel(err), errors.As(err, &pe) && pe.Op == "open", os.IsNotExist(err))
	fmt.Println(rel(os.Remove(in("a"))) != "<nil>", rel(os.Mkdir(in("a"), 0o700)))
	check(os.Rename(in("one.txt"), in("a/renamed")))
	es, err := os.ReadDir(in("a"))
	check(err)
	for _, e := range es {
		fmt.Print(e.Name(), " ", e.IsDir(), "; ")
	}
	fmt.Println()
	check(os.Symlink("renamed", in("a/link")))
	t, err := os.Readlink(in("a/link"))
	l, _ := os.ReadFile(in("a/link"))
	fmt.Printf("%s %v %q\n", t, err, l)

	sc := bufio.NewScanner(strings.NewReader("alpha beta\n\ngamma"))
	for sc.Scan() {
		fmt.Printf("%q ", sc.Text())
	}
	sc = bufio.NewScanner(strings.NewReader("alpha beta  gamma"))
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		fmt.Printf("%q ", sc.Text())
	}
	fmt.Println()

	sub := os.DirFS(in("a"))
	all, err := fs.Glob(sub, "b/*")
	fmt.Println(all, err)
	_, err = fs.ReadFile(sub, "../one.txt")
	fmt.Println(err)
	mem := fstest.MapFS{"x/y.txt": {Data: []byte("hello")}, "z": {Data: []byte("!")}}
	check(fs.WalkDir(mem, ".", func(p string, d fs.DirEntry, err error) error { fmt.Print(p, " "); return err }))
	fmt.Println(fstest.TestFS(mem, "x/y.txt", "z"))
	check(os.CopyFS(in("copy"), mem))
	c, err := os.ReadFile(in("copy/x/y.txt"))
	fmt.Println(string(c), err)

	pr, pw := io.Pipe()
	go func() {
		fmt.Fprint(pw, "through a pipe")
		pw.CloseWithError(errors.New("pipe done"))
	}()
	c, err = io.ReadAll(io.TeeReader(io.LimitReader(pr, 100), io.Discard))
	fmt.Println(string(c), err)
	root, err := os.OpenRoot(dir)
	check(err)
	_, err = root.Open("../etc")
	fmt.Println(err != nil)
	check(root.Close())

	// An open directory stays open under another name.
	check(os.MkdirAll(in("m/n"), 0o777))
	deep, err := os.OpenRoot(in("m/n"))
	check(err)
	check(os.Rename(in("m"), in("mm")))
	check(os.WriteFile(in("mm/n/f"), []byte("moved"), 0o666))
	c, err = deep.ReadFile("f")
	fmt.Println(string(c), err)
	check(deep.Rename("f", "g"))
	_, err = os.Stat(in("mm/n/g"))
	fmt.Println(err)
	check(deep.Close())
}
