//go:build checks

package debug

// Checks is true in builds with the checks tag: rooms then verify their
// invariants at every step, at a cost.
const Checks = true
