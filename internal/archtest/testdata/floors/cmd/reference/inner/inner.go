package inner

import _ "github.com/musterproject/muster/pkg/master"
