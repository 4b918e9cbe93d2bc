package concurrent

import (
	"testing"

	"github.com/terrarium-go/terrarium/internal/gc/gctest"
)

func TestSuite(t *testing.T) { gctest.Run(t, New, gctest.Options{Collects: true}) }
