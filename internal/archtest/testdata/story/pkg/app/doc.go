// Package app is an application's session with the master.
package app
