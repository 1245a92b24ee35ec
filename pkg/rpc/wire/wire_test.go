package wire

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// sealed gives the types of pkg/deploy that have the method, which is what closes the set.
func sealed(t *testing.T, method string) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../deploy/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of deploy: %v", err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == method {
				names = append(names, fn.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func typeNames[T any](list []T) (names []string) {
	for _, m := range list {
		names = append(names, reflect.TypeOf(m).Name())
	}
	slices.Sort(names)
	return names
}

func TestEveryMessageAndRowIsKnown(t *testing.T) {
	if said, known := sealed(t, "message"), typeNames(messages); !slices.Equal(said, known) {
		t.Errorf("deploy has the messages\n%v\nthe wire knows\n%v", said, known)
	}
	if said, known := sealed(t, "row"), typeNames(rows); !slices.Equal(said, known) {
		t.Errorf("deploy has the rows\n%v\nthe wire knows\n%v", said, known)
	}
}

func TestItemsSurviveTheWire(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range messages {
		t.Run(reflect.TypeOf(m).Name(), func(t *testing.T) {
			for range 200 {
				want := randomItem(r, m)
				var d Decoder
				b, err := AppendItem(nil, &want)
				if err != nil {
					t.Fatalf("append %+v: %v", want, err)
				}
				f, err := d.Frame(b)
				if err != nil {
					t.Fatalf("read %+v: %v", want, err)
				}
				if !reflect.DeepEqual(f.Items, []rpc.Item{want}) {
					t.Fatalf("sent  %+v\nheard %+v", want, f.Items)
				}
			}
		})
	}
}

func TestHandWrittenBytesAreTheLibrarys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, m := range messages {
		for range 200 {
			it := randomItem(r, m)
			byHand, err := AppendItem(nil, &it)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ItemToProto(it)
			if err != nil {
				t.Fatal(err)
			}
			byLibrary, err := proto.MarshalOptions{Deterministic: true}.Marshal(&pb.Frame{Items: []*pb.Item{p}})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(byHand, byLibrary) {
				t.Fatalf("%+v\nby hand    %x\nby library %x", it, byHand, byLibrary)
			}
		}
	}
}

func TestRowsAndQuestionsSurviveTheWire(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		for _, row := range rows {
			holds(t, random(r, row), RowToProto, RowFromProto)
		}
		page := rpc.Rows{Rows: []deploy.Row{random(r, rows[r.IntN(len(rows))])}, Next: word(r), Whole: true}
		holds(t, page, RowsToProto, RowsFromProto)
		holds(t, random(r, deploy.Hello{}), sure(HelloToProto), HelloFromProto)
		holds(t, random(r, deploy.Standby{}), sure(StandbyToProto), StandbyFromProto)
		holds(t, random(r, deploy.Decision{}), sure(DecisionToProto), DecisionFromProto)
		holds(t, random(r, deploy.Accepted{}), sure(AcceptedToProto), sure(AcceptedFromProto))
		holds(t, random(r, rpc.LogQuery{}), sure(LogQueryToProto), sure(LogQueryFromProto))
		q := random(r, rpc.Query{})
		q.Limit &= 1<<30 - 1
		holds(t, q, sure(QueryToProto), QueryFromProto)
	}
	for _, m := range messages {
		if _, err := RequestToProto(m); err == nil {
			holds(t, random(r, m), RequestToProto, RequestFromProto)
		}
	}
	for code := range uint32(13) {
		holds(t, deploy.FaultFromCode(min(code, 11), "a sentence"), sure(FaultToProto), sure(FaultFromProto))
	}
}

func sure[A, B any](convert func(A) B) func(A) (B, error) {
	return func(a A) (B, error) { return convert(a), nil }
}

// holds converts there, through bytes, and back.
func holds[D any, P proto.Message](t *testing.T, want D, to func(D) (P, error), from func(P) (D, error)) {
	t.Helper()
	p, err := to(want)
	if err != nil {
		t.Fatalf("%+v: %v", want, err)
	}
	b, err := proto.Marshal(p)
	if err != nil {
		t.Fatalf("%+v: %v", want, err)
	}
	q := p.ProtoReflect().New().Interface().(P)
	if err := proto.Unmarshal(b, q); err != nil {
		t.Fatal(err)
	}
	if !p.ProtoReflect().IsValid() {
		q = p // nothing at all was sent
	}
	got, err := from(q)
	if err != nil {
		t.Fatalf("%+v: %v", want, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("sent  %+v\nheard %+v", want, got)
	}
}
