package main

import (
	_ "github.com/google/go-cmp/cmp"
	_ "google.golang.org/grpc"
)
