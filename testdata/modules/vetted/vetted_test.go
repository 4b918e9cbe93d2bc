package vetted

import "testing"

func TestDescribe(t *testing.T) { t.Logf("%s", 1) }
