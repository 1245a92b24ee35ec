package election

import _ "github.com/musterproject/muster/pkg/deploy"
