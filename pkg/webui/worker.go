package webui

import (
	"net/http"

	"github.com/musterproject/muster/pkg/deploy"
)

// WorkerView is what a worker tells of itself at one moment.
type WorkerView struct {
	Spec      deploy.WorkerSpec
	Master    deploy.Address // the leader it follows; zero: none
	Processes []deploy.LaunchReport
}

// Worker gives the page of a worker; look is asked at every view.
func Worker(look func() WorkerView) (http.Handler, error) {
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		v := look()
		g := grid{Title: "Processes", Count: len(v.Processes), Columns: []string{"Owner", "Launch", "State", "Asked", "Message"}, Empty: "Nothing runs here."}
		for _, l := range v.Processes {
			owner := string(l.Driver)
			if owner == "" {
				owner = l.Executor.String()
			}
			g.Rows = append(g.Rows, []string{owner, l.Launch.String(), l.State.String(), l.Need.String(), dash(l.Message)})
		}
		master := ""
		if !v.Master.IsZero() {
			master = "muster://" + v.Master.String()
		}
		p.show(w, page{Title: "Muster worker · " + string(v.Spec.ID), Heading: "Muster worker",
			Facts:  []fact{{"id", string(v.Spec.ID)}, {"address", v.Spec.Address.String()}, {"capacity", v.Spec.Capacity().String()}, {"master", dash(master)}},
			Tables: []grid{g}})
	})
	return guard(mux), nil
}
