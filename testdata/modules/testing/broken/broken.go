// Package broken compiles; its tests do not.
package broken
