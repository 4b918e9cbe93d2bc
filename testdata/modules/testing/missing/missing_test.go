package missing

import (
	"testing"

	"example.com/testing/nowhere"
)

func TestX(t *testing.T) { nowhere.F() }
