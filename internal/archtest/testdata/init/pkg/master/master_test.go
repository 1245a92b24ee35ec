package master

import _ "time/tzdata"

func init() {} //want:here init runs by being imported
