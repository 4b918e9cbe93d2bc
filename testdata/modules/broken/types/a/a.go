// Package a does not compile, and neither does b: both are reported, and what imports them is not.
package a

var One int = "one"
