package mastercore

import "os"

var _ = os.Args
