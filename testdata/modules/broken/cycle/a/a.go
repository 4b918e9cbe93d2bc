package a

import "example.com/broken/cycle/b"

var A = b.B
