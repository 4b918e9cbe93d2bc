//go:build !unix

package vmtest

import "os"

// sigQuit ends a hung process.
var sigQuit = os.Kill
