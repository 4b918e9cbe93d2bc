package os

import "errors"

// startDir is the working directory at the start.
var startDir, _ = Getwd()

// executable is where the program would be if it were a file of the name it was started by, in the directory it was started in.
func executable() (string, error) {
	args := runtime_args()
	if len(args) == 0 || args[0] == "" {
		return "", errors.New("the program was started without a name")
	}
	if name := args[0]; name[0] == '/' || startDir == "" {
		return name, nil
	} else {
		return joinPath(startDir, name), nil
	}
}
