package time

import "syscall"

// The WASI port knows no time zones. Programs that may read the host's files find
// its zone database, and TZ and /etc/localtime decide what Local is, as they do
// for a native program; sealed programs are at UTC.

var platformZoneSources = []string{
	"/usr/share/zoneinfo/",
	"/usr/share/lib/zoneinfo/",
	"/usr/lib/locale/TZ/",
	"/etc/zoneinfo",
}

func initLocal() {
	localLoc.name = "UTC"
	zone, set := syscall.Getenv("TZ")
	if set && len(zone) > 0 && zone[0] == ':' {
		zone = zone[1:]
	}
	var name string
	var dirs []string
	switch {
	case !set:
		name, dirs = "localtime", []string{"/etc"}
	case zone == "" || zone == "UTC":
		return
	case zone[0] == '/':
		name, dirs = zone, []string{""}
	default:
		name, dirs = zone, platformZoneSources
	}
	l, err := loadLocation(name, dirs)
	if err != nil {
		return
	}
	localLoc = *l
	switch {
	case !set || zone == "/etc/localtime":
		localLoc.name = "Local"
	case zone[0] == '/':
		localLoc.name = zone
	}
}
