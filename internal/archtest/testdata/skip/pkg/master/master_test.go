package master

import "testing"

type harness struct{ t *testing.T }

type scanner struct{}

func (scanner) Skip() {}

func TestA(t *testing.T) {
	t.Skip("no") //want:here a bare Skip is seen by nobody
	h := harness{t}
	h.t.SkipNow() //want:here a bare SkipNow
	var s scanner
	s.Skip()
	t.Run("b", func(t *testing.T) {
		t.Skipf("no") //want:here a bare Skipf
	})
}

func skip(tb testing.TB) {
	tb.Skip() //want:here a bare Skip
}
