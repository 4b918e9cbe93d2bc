//go:build !checks

package debug

// Checks is true in builds with the checks tag.
const Checks = false
