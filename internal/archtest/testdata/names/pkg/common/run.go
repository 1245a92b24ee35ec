package common //want:here folder pkg/common: "common"
