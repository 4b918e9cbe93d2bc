//go:build unix

package vmtest

import "syscall"

// sigQuit makes a hung Go process print its goroutines.
const sigQuit = syscall.SIGQUIT
