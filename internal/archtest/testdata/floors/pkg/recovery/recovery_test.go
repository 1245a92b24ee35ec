package recovery_test

import (
	_ "github.com/musterproject/muster/internal/need"
	_ "github.com/musterproject/muster/pkg/master" //want:here imports go downward only
	_ "github.com/musterproject/muster/pkg/recovery/fileengine"
	_ "github.com/musterproject/muster/pkg/recovery/recoverytest"
	_ "github.com/musterproject/muster/pkg/scheduler"
)
