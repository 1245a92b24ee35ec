package clusterfx

import _ "go.uber.org/fx"
