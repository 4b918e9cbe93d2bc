package pass

import (
	"fmt"
	"os"
	"testing"
)

func TestDouble(t *testing.T) {
	for _, n := range []int{0, 1, 21} {
		t.Run(fmt.Sprint("of ", n), func(t *testing.T) {
			if Double(n) != n+n {
				t.Errorf("Double(%d) = %d", n, Double(n))
			}
			if n == 21 {
				t.Run("deep", func(t *testing.T) { t.Log("a log line\nof two lines") })
			}
		})
	}
	fmt.Println("printed by the test")
}

func TestParallel(t *testing.T) {
	for _, n := range []string{"a"} {
		t.Run(n, func(t *testing.T) {
			t.Parallel()
			t.Log("in parallel")
		})
	}
}

func TestSkip(t *testing.T) { t.Skip("not today") }

func TestShort(t *testing.T) {
	if testing.Short() {
		t.SkipNow()
	}
	t.Attr("kind", "long one")
}

func TestHelpers(t *testing.T) {
	t.Setenv("SOME_VARIABLE", "x")
	dir := t.TempDir()
	t.Cleanup(func() {
		if os.Getenv("SOME_VARIABLE") != "x" {
			t.Error("lost the variable")
		}
	})
	if err := os.WriteFile(dir+"/f", []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if t.Context().Err() != nil || t.Name() != "TestHelpers" {
		t.Error(t.Name())
	}
	fmt.Print("no newline at the end")
}

func ExampleDouble() {
	fmt.Println(Double(4))
	// Output: 8
}

func FuzzDouble(f *testing.F) {
	f.Add(3)
	f.Fuzz(func(t *testing.T, n int) {
		if Double(n)%2 != 0 {
			t.Error(n)
		}
	})
}
