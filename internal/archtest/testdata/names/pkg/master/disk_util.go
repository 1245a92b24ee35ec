package master //want:here file disk_util.go: "util"
