package recoverytest

import (
	_ "testing"

	_ "github.com/musterproject/muster/internal/need"
)
