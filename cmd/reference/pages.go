package main

import (
	"context"
	"net/http"

	"go.uber.org/fx"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/clusterfx"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/webui"
	"github.com/musterproject/muster/pkg/worker"
)

// webpages are a daemon's pages: where they are, and the module that serves them.
type webpages struct {
	url    string
	module fx.Option
}

// masterPages takes a port for a master's pages and writes their address into its rules.
func (a *app) masterPages(ctx context.Context, s *settings.Settings, cfg *master.Config) (webpages, error) {
	l, err := webui.Listen(ctx, s.Text("master.host"), int(s.Int("master.ui.port", 0, 65535)))
	if err != nil {
		return webpages{}, err
	}
	p := webpages{url: "http://" + l.Addr().String() + "/"}
	cfg.WebUI = p.url
	name := cfg.Name
	p.module = clusterfx.Pages(l, func(rows *status.Store, m *master.Master) (http.Handler, error) {
		return webui.Master(rows, name, webui.Questions{Explain: m.Explain, Plan: m.Plan})
	}, webui.Serve)
	return p, nil
}

// workerPages does the same for a worker.
func (a *app) workerPages(ctx context.Context, s *settings.Settings, cfg *worker.Config) (webpages, error) {
	l, err := webui.Listen(ctx, s.Text("worker.host"), int(s.Int("worker.ui.port", 0, 65535)))
	if err != nil {
		return webpages{}, err
	}
	p := webpages{url: "http://" + l.Addr().String() + "/"}
	cfg.Worker.WebUI = p.url
	p.module = clusterfx.Pages(l, func(w *worker.Worker) (http.Handler, error) {
		return webui.Worker(func() webui.WorkerView {
			v := w.View()
			return webui.WorkerView{Spec: v.Spec, Master: v.Master, Processes: v.Processes}
		})
	}, webui.Serve)
	return p, nil
}
