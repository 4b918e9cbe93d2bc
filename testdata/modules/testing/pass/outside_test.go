package pass_test

import (
	"testing"

	"example.com/testing/pass"
)

func TestOutside(t *testing.T) {
	if pass.Double(2) != 4 {
		t.Fail()
	}
}
