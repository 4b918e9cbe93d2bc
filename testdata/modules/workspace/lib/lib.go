// Package lib is a module of its own that only the workspace connects.
package lib

// Sum adds.
func Sum[T int | float64](list ...T) (sum T) {
	for _, x := range list {
		sum += x
	}
	return sum
}
