package webui

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed templates
var files embed.FS

// fact is one name and value of a page's head.
type fact struct{ Name, Value string }

// grid is one table of a page.
type grid struct {
	Title   string
	Count   int
	Columns []string
	Rows    [][]string
	More    int // rows not shown
	Link    string
	Empty   string
}

// page is all that the template shows.
type page struct {
	Title, Heading string
	Facts          []fact
	Tables         []grid
}

// pages renders and serves what all pages share.
type pages struct{ layout *template.Template }

func newPages() (*pages, error) {
	t, err := template.ParseFS(files, "templates/page.html")
	if err != nil {
		return nil, err
	}
	return &pages{layout: t}, nil
}

func (p *pages) show(w http.ResponseWriter, content page) {
	var b bytes.Buffer
	if err := p.layout.Execute(&b, content); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	write(w, b.Bytes())
}

func style(w http.ResponseWriter, _ *http.Request) {
	b, err := files.ReadFile("templates/style.css")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	write(w, b)
}

// write sends a finished body; a reader that has gone away is nobody's error.
func write(w http.ResponseWriter, b []byte) {
	if _, err := w.Write(b); err != nil {
		return
	}
}

// guard sets the headers every answer carries and lets nothing but reading through.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "these pages only show; use the muster command to change something", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	write(w, []byte("ok\n"))
}

func dash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	return s
}
