package main

// Permissions of files and directories, and files of no name, are as on the systems programs usually run on.

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	dir, _ := os.MkdirTemp("", "x")
	defer os.RemoveAll(dir)
	clean := func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), dir, "DIR") }
	st, _ := os.Stat(dir)
	fmt.Println(st.Mode())
	for _, perm := range []os.FileMode{0, 0o400, 0o644, 0o666, 0o755, 0o777, 0o600} {
		n := filepath.Join(dir, fmt.Sprintf("f%o", perm))
		fmt.Println(clean(os.WriteFile(n, []byte("x"), perm)))
		st, err := os.Stat(n)
		fmt.Println(st.Mode(), err)
		d := n + "d"
		fmt.Println(clean(os.Mkdir(d, perm)))
		st, err = os.Lstat(d)
		fmt.Println(st.Mode(), err)
		os.Chmod(d, 0o700)
	}
	f, _ := os.Create(filepath.Join(dir, "c"))
	st, _ = f.Stat()
	fmt.Println(st.Mode())
	fmt.Println(f.Chmod(0o751 | os.ModeSetuid))
	st, _ = f.Stat()
	fmt.Println(st.Mode())
	fmt.Println(os.Chmod(f.Name(), 0o511|os.ModeSticky))
	st, _ = f.Stat()
	fmt.Printf("%v %o %v\n", st.Mode(), st.Mode().Perm(), st.Mode().IsRegular())
	fmt.Println(clean(os.Chmod(filepath.Join(dir, "none"), 0o600)))
	fmt.Println(os.Chmod("", 0o600), os.Mkdir("", 0), os.Remove(""), os.RemoveAll(""), os.Rename("", "a"))
	_, err := os.Stat("")
	fmt.Println(err)
	_, err = os.Open("")
	fmt.Println(err)
	_, err = os.ReadDir("")
	fmt.Println(err)
	_, err = os.Readlink("")
	fmt.Println(err)
	fmt.Println(os.Symlink("", filepath.Join(dir, "q")) != nil)
	fmt.Println(os.Truncate("", 1))
	root, err := os.OpenRoot(dir)
	fmt.Println(err, root.Mkdir("rd", 0o711), root.Chmod("c", 0o604))
	st, err = root.Stat("c")
	fmt.Println(st.Mode(), err)
	st, err = root.Lstat("rd")
	fmt.Println(st.Mode(), err)
	os.Symlink("c", filepath.Join(dir, "ln"))
	fmt.Println(root.Chmod("ln", 0o640))
	st, err = root.Stat("c")
	fmt.Println(st.Mode(), err)
	f2, err := root.OpenFile("nf", os.O_CREATE|os.O_WRONLY, 0o640)
	st, _ = f2.Stat()
	fmt.Println(st.Mode(), err)
	es, _ := os.ReadDir(dir)
	for _, e := range es {
		i, _ := e.Info()
		fmt.Println(e, i.Mode())
	}
	ct, _ := os.CreateTemp(dir, "t")
	st, _ = ct.Stat()
	fmt.Println(st.Mode())
	os.MkdirAll(filepath.Join(dir, "m/n/o"), 0o750)
	st, _ = os.Stat(filepath.Join(dir, "m/n"))
	fmt.Println(st.Mode())
	fmt.Println(os.Chdir(""))
}
