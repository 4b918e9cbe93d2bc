// Package pass has tests of every kind that pass.
package pass

// Double is 2*n.
func Double(n int) int { return 2 * n }
