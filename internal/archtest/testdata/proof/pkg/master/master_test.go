package master

import (
	_ "testing"

	_ "github.com/musterproject/muster/internal/need"
)
