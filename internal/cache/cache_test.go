package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// old makes a file look as if it was written long ago, so that its time is believed.
func old(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, past, past); err != nil {
		t.Fatal(err)
	}
}

func TestInputsDecide(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dir string)
		hit    bool
	}{
		{"nothing", func(string) {}, true},
		{"touched", func(dir string) { os.Chtimes(dir+"/a.go", time.Now(), time.Now()) }, true},
		{"same size", func(dir string) { os.WriteFile(dir+"/a.go", []byte("package b"), 0o644) }, false},
		{"longer", func(dir string) { os.WriteFile(dir+"/a.go", []byte("package abc"), 0o644) }, false},
		{"removed", func(dir string) { os.Remove(dir + "/a.go") }, false},
		{"new neighbour", func(dir string) { os.WriteFile(dir+"/b.go", nil, 0o644) }, false},
		{"new module file", func(dir string) { os.WriteFile(filepath.Dir(dir)+"/go.mod", nil, 0o644) }, false},
		{"distribution touched", func(dir string) { os.Chtimes(filepath.Dir(dir)+"/VERSION", time.Now(), time.Now()) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "p")
			os.Mkdir(dir, 0o755)
			old(t, dir+"/a.go", "package a")
			old(t, top+"/VERSION", "go1.26")
			in := &Inputs{}
			in.Sources(dir)
			in.Above(dir, "go.mod")
			in.Distribution(top + "/VERSION")
			store, err := Open(filepath.Join(t.TempDir(), "x"), 0)
			if err != nil {
				t.Fatal(err)
			}
			k := KeyOf("a", "b")
			if err := store.Put(k, in, []byte("program")); err != nil {
				t.Fatal(err)
			}
			c.change(dir)
			got, hit := store.Get(k)
			if hit != c.hit || hit && string(got) != "program" {
				t.Errorf("hit %v with %q, want %v", hit, got, c.hit)
			}
			if _, hit := store.Get(KeyOf("ab")); hit {
				t.Error("another key found the entry")
			}
		})
	}
}

// A file written within the clock's tick of the entry is compared by contents.
func TestRacyWrite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.go")
	os.WriteFile(name, []byte("one"), 0o644)
	in := &Inputs{}
	in.File(name)
	stamp := time.Unix(0, in.Files[0].Time)
	os.WriteFile(name, []byte("two"), 0o644)
	os.Chtimes(name, stamp, stamp)
	if in.current() {
		t.Error("a change under the same time was not noticed")
	}
	if !in.ChangedSince(time.Now().Add(-time.Minute)) || in.ChangedSince(time.Now().Add(time.Minute)) {
		t.Error("ChangedSince")
	}
}

func TestDamage(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "f")
	old(t, file, "x")
	store, _ := Open(dir, 0)
	in := &Inputs{}
	in.File(file)
	k := KeyOf("k")
	if err := store.Put(k, in, []byte("program")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(store.path(k))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		os.WriteFile(store.path(k), damaged, 0o644)
		if _, hit := store.Get(k); hit {
			t.Fatalf("damage at byte %d was not noticed", i)
		}
		if _, err := os.Stat(store.path(k)); err == nil {
			t.Fatalf("damage at byte %d: the entry is still there", i)
		}
		os.WriteFile(store.path(k), whole[:i], 0o644)
		if _, hit := store.Get(k); hit {
			t.Fatalf("the first %d bytes were taken for an entry", i)
		}
	}
	os.WriteFile(store.path(k), whole, 0o644)
	if _, hit := store.Get(k); !hit {
		t.Error("the restored entry is not found")
	}
}

func TestTrimAndClean(t *testing.T) {
	dir := t.TempDir()
	store, _ := Open(dir, 10_000)
	file := filepath.Join(t.TempDir(), "f")
	old(t, file, "x")
	in := &Inputs{}
	in.File(file)
	other := filepath.Join(dir, "README")
	os.WriteFile(other, nil, 0o644)
	for i := range 8 {
		k := KeyOf(string(rune('a' + i)))
		if err := store.Put(k, in, make([]byte, 3000)); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(time.Duration(i-100) * time.Minute)
		os.Chtimes(store.path(k), past, past)
		store.Get(KeyOf("a")) // in use: it stays
	}
	if _, hit := store.Get(KeyOf("a")); !hit {
		t.Error("the entry in use is gone")
	}
	if _, hit := store.Get(KeyOf("b")); hit {
		t.Error("the oldest entry is still there")
	}
	if got := store.Info(); got.Entries != 3 || got.Bytes > 10_000 {
		t.Errorf("%+v", got)
	}
	if err := store.Clean(); err != nil || store.Info().Entries != 0 {
		t.Errorf("after Clean: %v, %+v", err, store.Info())
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("Clean removed a file that is no entry")
	}
}

func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "f")
	old(t, file, "x")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			store, _ := Open(dir, 50_000)
			for i := range 50 {
				in := &Inputs{}
				in.File(file)
				k := KeyOf(string(rune('a' + i%5)))
				if i%2 == 0 {
					if err := store.Put(k, in, bytes.Repeat([]byte{byte(i % 5)}, 5000)); err != nil {
						t.Error(err)
					}
				} else if got, hit := store.Get(k); hit && (len(got) != 5000 || got[17] != byte(i%5)) {
					t.Errorf("entry %d: %d bytes", i%5, len(got))
				}
			}
		})
	}
	wg.Wait()
}
