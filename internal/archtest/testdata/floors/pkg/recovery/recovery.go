package recovery

import (
	_ "github.com/musterproject/muster/pkg/election"
	_ "github.com/musterproject/muster/pkg/recovery/fileengine" //want:here pkg/recovery (floor 1) imports pkg/recovery/fileengine (floor 2)
	_ "github.com/musterproject/muster/pkg/scheduler"           //want:here pkg/recovery (floor 1) imports pkg/scheduler (floor 1)
)
