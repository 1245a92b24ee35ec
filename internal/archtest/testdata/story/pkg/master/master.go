package master //want:here package pkg/master has no story
