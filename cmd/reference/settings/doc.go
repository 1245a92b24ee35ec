// Package settings is the configuration of the reference program: a table of options, layers that say where each value comes from, and typed
// getters that report every fault with its origin.
//
//	flag or --conf  >  environment  >  properties file  >  configuration file  >  default
//
// Layers keep the file and line of each value, so that `config show --origin` and every error can name them.
package settings
