// Package status is the read model: rows by id, watched and paged, for the command line, pages and APIs. It never asks the deciding core;
// the core's runtime feeds it absolute rows once they are durable.
package status
