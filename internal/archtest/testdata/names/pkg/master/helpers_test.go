package master //want:here file helpers_test.go: "helpers"
