// Package app is an application's session with the master: it registers, hears of executors, changes targets, and finds whoever leads again when
// the connection breaks, for as long as the application lives.
//
//	no leader -> dial all -> (ship files) -> registered -> executor events, heartbeats -> connection lost -> dial again with jittered back-off
//	                                                    -> leave: unregister, wait for the answer
//
// App is the backend of muster:// URLs. Its deciding part (core) takes an event and the time and says what is to be done, like the cores of
// master and worker; the loop around it does it.
package app
