// Package vetted compiles, and go vet finds something in it and in its tests.
package vetted

import "fmt"

// Describe has a format that does not go with its argument.
func Describe(name string) string { return fmt.Sprintf("%d", name) }
