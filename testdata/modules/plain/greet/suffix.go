//go:build !loud

package greet

const suffix = "."
