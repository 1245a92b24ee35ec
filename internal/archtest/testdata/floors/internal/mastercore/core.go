package mastercore

import (
	_ "github.com/musterproject/muster/internal/workercore" //want:here internal/mastercore (floor 3) imports internal/workercore (floor 3)
	_ "github.com/musterproject/muster/pkg/master"          //want:here internal/mastercore (floor 3) imports pkg/master (floor 4)
)
