package lib

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Error("sum")
	}
}

func TestSkipped(t *testing.T) { t.Skip("not here") }
