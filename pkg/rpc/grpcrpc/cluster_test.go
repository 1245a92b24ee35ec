package grpcrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// books answers questions for rows: one application, many executors, one decision.
func books(executors int, text string) func(context.Context, deploy.Principal, rpc.Query) iter.Seq2[rpc.Rows, error] {
	return func(_ context.Context, _ deploy.Principal, q rpc.Query) iter.Seq2[rpc.Rows, error] {
		return func(yield func(rpc.Rows, error) bool) {
			page := rpc.Rows{Whole: true}
			switch {
			case q.Follow:
				yield(page, fmt.Errorf("a page was asked for, not a watch: %w", deploy.ErrInvalid))
				return
			case q.Kind == deploy.RowApp && (q.ID == "" || q.ID == "app-1"):
				page.Rows = []deploy.Row{deploy.AppRow{ID: "app-1", State: deploy.AppRunning}}
			case q.Kind == deploy.RowDecision && q.App == "app-1":
				page.Rows = []deploy.Row{deploy.DecisionRow{Decision: deploy.Decision{Subject: "app-1", Code: deploy.ReasonInfeasible, Text: "too large"}}}
			case q.Kind == deploy.RowExecutor:
				for i := range executors {
					page.Rows = append(page.Rows, deploy.ExecutorRow{ID: deploy.ExecutorID{App: "app-1", Num: int32(i)}, Message: text})
				}
				page.Next = "app-1/last"
			}
			if yield(page, nil) {
				yield(rpc.Rows{Next: "a second page"}, nil)
			}
		}
	}
}

// TestQuestionsOfOtherLanguages asks what the Go client asks in another way.
func TestQuestionsOfOtherLanguages(t *testing.T) {
	cc, _ := target(t, rpc.Server{Watch: books(3, "")}, nil)
	c := pb.NewClusterClient(cc)
	row, err := c.GetStatus(t.Context(), &pb.RowKey{Kind: pb.RowKind_ROW_KIND_APP, Id: "app-1"})
	if err != nil || row.GetApp().GetState() != pb.AppState_APP_STATE_RUNNING {
		t.Errorf("GetStatus gave %v, %v", row, err)
	}
	_, err = c.GetStatus(t.Context(), &pb.RowKey{Kind: pb.RowKind_ROW_KIND_APP, Id: "app-2"})
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "app-2") {
		t.Errorf("GetStatus of nothing gave %v", err)
	}
	page, err := c.List(t.Context(), &pb.Query{Kind: pb.RowKind_ROW_KIND_EXECUTOR, Follow: true})
	if err != nil || len(page.GetRows()) != 3 || page.GetNext() != "app-1/last" || !page.GetWhole() {
		t.Errorf("List gave %v, %v", page, err)
	}
	why, err := c.ListDecisions(t.Context(), &pb.ListDecisionsRequest{Id: "app-1"})
	if err != nil || len(why.GetDecisions()) != 1 || why.GetDecisions()[0].GetCode() != pb.ReasonCode_REASON_CODE_INFEASIBLE {
		t.Errorf("ListDecisions gave %v, %v", why, err)
	}
}

func TestLargePagesAreCut(t *testing.T) {
	_, at := target(t, rpc.Server{Watch: books(1000, strings.Repeat("x", 10_000))}, nil)
	client := grpcrpc.New(grpcrpc.DefaultConfig())
	c, err := client.Client(at)
	if err != nil {
		t.Fatal(err)
	}
	var rows, parts, wholes int
	for page, err := range c.Watch(t.Context(), rpc.Query{Kind: deploy.RowExecutor}) {
		if err != nil {
			t.Fatal(err)
		}
		if page.Next == "a second page" {
			break
		}
		parts++
		if page.Whole {
			wholes++
			if page.Next != "app-1/last" {
				t.Errorf("the last part says %q", page.Next)
			}
		}
		for _, row := range page.Rows {
			if want := fmt.Sprintf("app-1/%d", rows); row.RowKey().ID != want {
				t.Fatalf("row %s came as number %d", row.RowKey().ID, rows)
			}
			rows++
		}
	}
	if rows != 1000 || parts < 3 || wholes != 1 {
		t.Errorf("10 MB came as %d rows in %d parts, %d of them the last", rows, parts, wholes)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

// damaged is a store whose blobs have rotted.
type damaged struct {
	artifact.Store
	content string
	size    int64
}

func (d damaged) Open(context.Context, deploy.Digest) (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader(d.content)), d.size, nil
}

func (d damaged) Put(_ context.Context, _ deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	n, err := io.Copy(io.Discard, r)
	return "another digest", n, err
}

func TestDamagedBlobsAreNoticed(t *testing.T) {
	for _, c := range []damaged{{content: "rotten", size: 6}, {content: "short", size: 6}, {content: "too long", size: 6}, {content: "", size: 0}} {
		_, at := target(t, rpc.Server{Blobs: c}, nil)
		client := grpcrpc.New(grpcrpc.DefaultConfig())
		asked, err := client.Client(at)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := asked.Blobs().Open(t.Context(), "e5e5")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, artifact.ErrDigest) {
			t.Errorf("%q was read with %v", c.content, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := asked.Blobs().Put(t.Context(), "", strings.NewReader("sound")); !errors.Is(err, artifact.ErrDigest) {
			t.Errorf("a store that names another digest gave %v", err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestConfigFaultsAreAllTold(t *testing.T) {
	cfg := grpcrpc.Config{MaxMessage: 10, QueueItems: -1, HelloTimeout: -time.Second}
	err := cfg.Validate()
	for _, word := range []string{"MaxMessage", "QueueItems", "MaxStreams", "HelloTimeout", "KeepAlive"} {
		if !strings.Contains(fmt.Sprint(err), word) {
			t.Errorf("%v does not name %s", err, word)
		}
	}
	client := grpcrpc.New(cfg)
	if _, err := client.Dial(t.Context(), deploy.Address{Host: "h", Port: 1}, me); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("dial gave %v", err)
	}
	if _, err := client.Client(deploy.Address{Host: "h", Port: 1}); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("client gave %v", err)
	}
	if err := grpcrpc.DefaultConfig().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
}
