package recovery_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/recovery/recoverytest"
)

// BenchmarkAppend is the Journal's own cost: encode, number, count, checksum, copy into memory. One operation is one change.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			j, _, err := recovery.OpenJournal(b.Context(), recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(nil), election.Claim{}, recovery.Options{})
			if err != nil {
				b.Fatal(err)
			}
			batch := make([]deploy.Change, size)
			for i := range batch {
				batch[i] = bulky(i)
			}
			for b.Loop() {
				if err := j.Append(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			perChange(b, size)
		})
	}
}

// bulky is a record of about 512 bytes.
func bulky(i int) deploy.Change {
	return deploy.PutWorker{Record: deploy.WorkerRecord{Spec: deploy.WorkerSpec{
		ID: deploy.WorkerID(fmt.Sprintf("worker-20261120223045-10.0.%d.%d-7078", i/256, i%256)), Address: deploy.Address{Host: "10.0.0.1", Port: 7078}, WebUI: "http://10.0.0.1:8081",
		Cores: 16, MemoryMiB: 65536, Custom: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1", "2", "3"}}}, Version: "1.0.0",
		Labels: []deploy.Label{{Key: "zone", Value: "a"}, {Key: "disk", Value: "ssd"}, {Key: "rack", Value: "r17"}},
	}}}
}

func perChange(b *testing.B, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/change")
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "changes/s")
}

// BenchmarkOpen recovers n records.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1_000, 20_000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			mode := recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(nil)
			j, _, err := recovery.OpenJournal(b.Context(), mode, election.Claim{}, recovery.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for i := range n {
				if err := j.Append(b.Context(), []deploy.Change{bulky(i)}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				_, saved, err := recovery.OpenJournal(b.Context(), mode, election.Claim{}, recovery.Options{})
				if err != nil || len(saved.Changes) != n {
					b.Fatal(err, len(saved.Changes))
				}
			}
		})
	}
}

// BenchmarkMixed appends what a busy master would.
func BenchmarkMixed(b *testing.B) {
	b.ReportAllocs()
	j, _, err := recovery.OpenJournal(b.Context(), recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(nil), election.Claim{}, recovery.Options{})
	if err != nil {
		b.Fatal(err)
	}
	changes := recoverytest.Changes(1, 256)
	for b.Loop() {
		if err := j.Append(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
	}
	perChange(b, len(changes))
}
