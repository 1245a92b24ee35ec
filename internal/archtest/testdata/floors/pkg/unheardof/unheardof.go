package unheardof //want:here package pkg/unheardof has no floor: add it to rooms in internal/archtest/floors_test.go
