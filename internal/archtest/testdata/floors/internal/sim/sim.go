package sim

import (
	_ "github.com/musterproject/muster/internal/mastercore"
	_ "github.com/musterproject/muster/internal/workercore"
)
