package vetted_test

import (
	"testing"

	"example.com/vetted"
)

func TestOutside(t *testing.T) { t.Errorf("%s", vetted.Describe("x"), 2) }
