package host

import _ "github.com/musterproject/muster/plugins/wire"
