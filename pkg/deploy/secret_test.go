package deploy_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

var (
	_ fmt.Formatter          = deploy.Secret{}
	_ encoding.TextMarshaler = deploy.Secret{}
	_ json.Marshaler         = deploy.Secret{}
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2-hunter2"
	type config struct {
		Key    deploy.Secret
		hidden deploy.Secret
		List   []deploy.Secret
		ByName map[string]*deploy.Secret
	}
	s := deploy.NewSecret(text)
	all := config{Key: s, hidden: s, List: []deploy.Secret{s}, ByName: map[string]*deploy.Secret{"a": &s}}
	if all.hidden.Reveal() != text {
		t.Fatalf("Reveal gives %q", all.hidden.Reveal())
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%-20v", "%T %v", "%t", "%p", "%w"} {
		for _, value := range []any{s, &s, all, &all, []any{s}} {
			if out := fmt.Sprintf(verb, value); strings.Contains(out, "hunter") || strings.Contains(strings.ToLower(out), fmt.Sprintf("%x", text)) {
				t.Errorf("%s prints %s", verb, out)
			}
		}
	}
	for _, out := range []string{s.String(), s.GoString(), fmt.Sprint(s), fmt.Sprintf("%x", s), deploy.Secret{}.String()} {
		if out != "[redacted]" {
			t.Errorf("printed as %q", out)
		}
	}
	data, err := json.Marshal(all)
	if want := `{"Key":"[redacted]","List":["[redacted]"],"ByName":{"a":"[redacted]"}}`; err != nil || string(data) != want {
		t.Errorf("JSON is %s, %v", data, err)
	}
	if b, err := s.MarshalText(); err != nil || string(b) != "[redacted]" {
		t.Errorf("text is %s, %v", b, err)
	}
}

func TestSecretEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"a", "b", false}, {"a", "aa", false}, {"", "", true}, {"", "a", false}} {
		if got := deploy.NewSecret(c.a).Equal(deploy.NewSecret(c.b)); got != c.want {
			t.Errorf("%q equals %q: %t", c.a, c.b, got)
		}
	}
	if !deploy.NewSecret("").IsZero() || deploy.NewSecret("a").IsZero() || !(deploy.Secret{}).Equal(deploy.NewSecret("")) {
		t.Error("an empty secret is not the zero one")
	}
}
