package task

import (
	"io"
	"log/slog"

	"github.com/musterproject/muster/pkg/backend"
)

// Option changes how Main and Run go about it.
type Option func(*options)

type options struct {
	change  []func(*Config)
	openers []backend.Opener
	log     *slog.Logger
	stderr  io.Writer
}

// WithConfig lets the program itself set what it is sure about; it comes after the environment and wins.
func WithConfig(change func(*Config)) Option {
	return func(o *options) { o.change = append(o.change, change) }
}

// WithMaster sets the master URL unless url is empty, as a command-line flag does.
func WithMaster(url string) Option {
	return WithConfig(func(c *Config) {
		if url != "" {
			c.Master = url
		}
	})
}

// WithBackend adds a kind of master URL, such as localcluster.Backend() for local-cluster[N,C,M].
func WithBackend(b backend.Opener) Option {
	return func(o *options) { o.openers = append(o.openers, b) }
}

// WithLog sets where the session's log goes. Main writes warnings to standard error unless told otherwise, Run nothing.
func WithLog(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}

func collectOptions(list []Option) options {
	var o options
	for _, set := range list {
		set(&o)
	}
	return o
}
