package master

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestReal(t *testing.T) {
	time.Sleep(time.Second)   //want:here a test sleeps
	<-time.After(time.Second) //want:here a test sleeps
	select {
	case <-time.After(time.Second):
		t.Fatal("too late")
	case <-t.Context().Done():
		time.Sleep(time.Second) //want:here a test sleeps
	}
}

func TestVirtual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Second)
	})
	time.Sleep(time.Second) //want:here a test sleeps
}

func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
