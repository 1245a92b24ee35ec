package fileengine

import (
	_ "github.com/musterproject/muster/pkg/launcher/proclauncher" //want:here pkg/recovery/fileengine (floor 2) imports pkg/launcher/proclauncher (floor 2)
	_ "github.com/musterproject/muster/pkg/recovery"
	_ "github.com/musterproject/muster/pkg/recovery/badgerengine"
)
