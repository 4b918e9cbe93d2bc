package fail

import (
	"fmt"
	"testing"
)

func TestGood(t *testing.T) { t.Log("seen only with -v") }

func TestBad(t *testing.T) {
	t.Run("inner", func(t *testing.T) {
		fmt.Println("between")
		t.Errorf("got %d, want %d", 1, 2)
	})
	t.Fatal("and no further")
}

func ExampleBad() {
	fmt.Println("one")
	// Output: two
}
