package master

import (
	_ "testing" //want:here pkg/master imports testing, which is for tests

	_ "github.com/musterproject/muster/internal/need" //want:here which is for tests
	_ "github.com/musterproject/muster/pkg/recovery"
	_ "github.com/musterproject/muster/pkg/recovery/recoverytest" //want:here which is for tests
)
