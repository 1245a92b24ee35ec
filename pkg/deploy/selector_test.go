package deploy_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func in(key string, values ...string) deploy.Requirement {
	return deploy.Requirement{Key: key, Values: values}
}

func notIn(key string, values ...string) deploy.Requirement {
	return deploy.Requirement{Key: key, Operator: deploy.OpNotIn, Values: values}
}

func exists(key string) deploy.Requirement {
	return deploy.Requirement{Key: key, Operator: deploy.OpExists}
}

func TestParseSelector(t *testing.T) {
	for text, want := range map[string][]deploy.Requirement{
		"": nil, "  ": nil,
		"zone=eu":                            {in("zone", "eu")},
		" zone = eu , disk != hdd ":          {in("zone", "eu"), notIn("disk", "hdd")},
		"rack in (r2, r1,r2)":                {in("rack", "r1", "r2")},
		"rack in(r1)":                        {in("rack", "r1")},
		"rack\tnotin  (r3)":                  {notIn("rack", "r3")},
		"rack notin (r3, r4), gpu exists":    {notIn("rack", "r3", "r4"), exists("gpu")},
		"zone=":                              {in("zone", "")},
		"zone in (, eu)":                     {in("zone", "", "eu")},
		"example.org/rack=a=b!=c:d":          {in("example.org/rack", "a=b!=c:d")},
		"zone=a exists":                      {in("zone", "a exists")},
		"exists=in":                          {in("exists", "in")},
		"zone=eu,zone=us,b in (x,y),c!=z,d=": {in("zone", "eu"), in("zone", "us"), in("b", "x", "y"), notIn("c", "z"), in("d", "")},
	} {
		got, err := deploy.ParseSelector(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"zone": "write key=value", ",": "write key=value", "a=b,": "write key=value", "a=b,,c=d": "write key=value", "zone exists eu": "write key=value",
		"=eu": "label", "a b=c": "label", "!=x": "label", "_a exists": "label", " exists": "write key=value",
		"rack in r1": "write key=value", "rack in (r1": "in (a, b)", "rack in ()": "in (a, b)", "rack (r1)": "in (a, b)", "rack within (r1)": "in (a, b)",
		"rack not in (r1)": "in (a, b)", "in (r1)": "in (a, b)", "rack in (r1) x": "in (a, b)", "rack in (a(b))": "separates values",
		"zone==eu": "one =", "zone=a)": "separates values", "zone=a\x00b": "control character", "zone=a\u202eb": "direction", "zone=\xff": "UTF-8",
		"rack in (" + strings.Repeat("a", 300) + ")": "at most 256", "rack in (" + manyValues(65) + ")": "at most 64", strings.Repeat("x", 5000): "5000 bytes",
	} {
		_, err := deploy.ParseSelector(text)
		checkRefusal(t, text, err, "selector ", want)
	}
}

func manyValues(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("," + strings.Repeat("v", i+1))
	}
	return b.String()[1:]
}

func TestParsePreferences(t *testing.T) {
	for text, want := range map[string][]deploy.Preference{
		"":                                  nil,
		"zone=eu":                           {{Requirement: in("zone", "eu"), Weight: 1}},
		"10:zone=eu, 100 : disk in (a, b)":  {{Requirement: in("zone", "eu"), Weight: 10}, {Requirement: in("disk", "a", "b"), Weight: 100}},
		"zone=a:b, 7:gpu exists, 5=x:y":     {{Requirement: in("zone", "a:b"), Weight: 1}, {Requirement: exists("gpu"), Weight: 7}, {Requirement: in("5", "x:y"), Weight: 1}},
		"1:rack notin (r1), 007:rack in(x)": {{Requirement: notIn("rack", "r1"), Weight: 1}, {Requirement: in("rack", "x"), Weight: 7}},
	} {
		got, err := deploy.ParsePreferences(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"0:a=b": "1 to 100", "101:a=b": "1 to 100", ":a=b": "1 to 100", "1 0:a=b": "1 to 100", "99999999999999999999:a=b": "1 to 100",
		"-1:a=b": "label", "ten:a=b": "label", "10:": "write key=value", "10:a=b,": "write key=value",
	} {
		_, err := deploy.ParsePreferences(text)
		checkRefusal(t, text, err, "preference ", want)
	}
}

// TestRequirementHolds: the table of operators; a label that is missing meets notin only.
func TestRequirementHolds(t *testing.T) {
	labels := []deploy.Label{{Key: "disk", Value: "ssd"}, {Key: "zone", Value: ""}}
	for text, want := range map[string]bool{
		"disk=ssd": true, "disk=hdd": false, "disk!=ssd": false, "disk!=hdd": true, "disk in (hdd, ssd)": true, "disk in (a, b)": false,
		"disk notin (hdd, ssd)": false, "disk notin (a, b)": true, "disk exists": true, "zone=": true, "zone!=": false, "zone exists": true,
		"rack=": false, "rack=x": false, "rack!=x": true, "rack notin (a, b)": true, "rack exists": false,
	} {
		list, err := deploy.ParseSelector(text)
		if err != nil || len(list) != 1 {
			t.Fatalf("%q: %v", text, err)
		}
		if got := list[0].Holds(labels); got != want {
			t.Errorf("%q holds: %v, want %v", text, got, want)
		}
	}
}

func TestRequirementCheck(t *testing.T) {
	for want, r := range map[string]deploy.Requirement{
		"exists takes no values":     {Key: "a", Operator: deploy.OpExists, Values: []string{"x"}},
		"no value to compare a with": {Key: "a"},
		"operator state(3)":          {Key: "a", Operator: 3},
		"label":                      {Key: "", Values: []string{"x"}},
		`"a" stands after "b"`:       in("k", "b", "a"),
		`"a" stands after "a"`:       in("k", "a", "a"),
		"blank":                      in("k", " a"),
	} {
		checkRefusal(t, want, r.Check("required selector"), "required selector", want)
	}
	var op deploy.Operator
	for i, word := range []string{"in", "notin", "exists"} {
		if err := op.UnmarshalText([]byte(word)); err != nil || op != deploy.Operator(i) {
			t.Errorf("%s is read as %v, %v", word, op, err)
		}
		if got, err := op.MarshalText(); err != nil || string(got) != word {
			t.Errorf("%s is written as %s, %v", word, got, err)
		}
	}
	if err := op.UnmarshalText([]byte("equals")); err == nil {
		t.Error("an unknown operator was read")
	}
}

// FuzzSelector: what is read is sound, is written as it can be read, and means the same then.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"zone=eu, disk!=hdd", "rack in (r1, r2)", "rack notin (r3), gpu exists", "10:zone=eu, a in (,b)", "a==b", "a=b)", "x in ((", "zone=\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := deploy.ParseSelector(text)
		if err != nil {
			checkRefusal(t, text, err)
		}
		words := make([]string, len(list))
		for i := range list {
			if err := list[i].Check("required selector"); err != nil {
				t.Fatalf("%q was read as %+v: %v", text, list[i], err)
			}
			words[i] = list[i].String()
		}
		if again, err := deploy.ParseSelector(strings.Join(words, ", ")); err != nil || !reflect.DeepEqual(again, list) {
			t.Fatalf("%q was read as %+v, then as %+v, %v", text, list, again, err)
		}
		prefer, err := deploy.ParsePreferences(text)
		if err != nil {
			checkRefusal(t, text, err)
		}
		words = make([]string, len(prefer))
		for i := range prefer {
			words[i] = prefer[i].String()
		}
		if again, err := deploy.ParsePreferences(strings.Join(words, ",")); err != nil || !reflect.DeepEqual(again, prefer) {
			t.Fatalf("%q was read as %+v, then as %+v, %v", text, prefer, again, err)
		}
	})
}

func BenchmarkParseSelector(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deploy.ParseSelector("zone=eu, disk!=hdd, rack in (r1, r2, r3), gpu exists"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequirementHolds(b *testing.B) {
	labels := []deploy.Label{{Key: "disk", Value: "ssd"}, {Key: "rack", Value: "r2"}, {Key: "zone", Value: "eu"}}
	r := in("zone", "ap", "eu", "us")
	b.ReportAllocs()
	for b.Loop() {
		if !r.Holds(labels) {
			b.Fatal("it holds")
		}
	}
}
