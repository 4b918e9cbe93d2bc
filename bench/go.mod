module github.com/terrarium-go/terrarium/bench

go 1.26

require (
	github.com/tetratelabs/wazero v1.12.0
	github.com/traefik/yaegi v0.16.1
)

require golang.org/x/sys v0.44.0 // indirect
