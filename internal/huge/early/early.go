// Package early calls huge.Here when it is initialised. Among the packages that are ready initialisation goes by import
// path, so that is before go/types and the other rooms of the house allocate their tables.
package early

import "github.com/terrarium-go/terrarium/internal/huge"

func init() { huge.Here() }
