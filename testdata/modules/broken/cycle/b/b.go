package b

import "example.com/broken/cycle/a"

var B = a.A
