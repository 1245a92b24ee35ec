package clusterfx

import (
	"context"
	"net"
	"net/http"

	"go.uber.org/fx"
)

// Pages serves a handler on l as a part of the application: make is a constructor whose arguments the application provides, and which
// returns (http.Handler, error); serve runs it until its context ends.
func Pages(l net.Listener, make any, serve func(context.Context, net.Listener, http.Handler) error) fx.Option {
	return fx.Module("pages", fx.Provide(fx.Private, make), fx.Invoke(func(lc fx.Lifecycle, down fx.Shutdowner, h http.Handler) {
		ctx, cancel := context.WithCancel(context.Background())
		bridge(lc, down, "pages", func(outer context.Context) error {
			defer context.AfterFunc(outer, cancel)()
			return serve(ctx, l, h)
		}, cancel)
	}))
}
