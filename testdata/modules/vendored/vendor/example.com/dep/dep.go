// Package dep is found in the vendor folder only.
package dep

// Answer is the answer.
const Answer = 42
