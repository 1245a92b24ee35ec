// Package deploy is Muster's vocabulary: the words every other package speaks and the only package all of them import.
//
//	ids.go identity.go     who: app, driver, worker, executor; cluster, epoch, session, incarnation, launch, request
//	address.go masterurl.go where: host:port, muster://h1,h2
//	resources.go profile.go how much: cores, MiB, custom resources with addresses
//	life.go state_*.go     states with their transition tables; Life holds a state and refuses an illegal step
//	spec.go command.go     what is asked for: worker, application, driver
//	message_*.go           what peers say to each other (sealed Message)
//	change.go              what is made durable (sealed Change: one mutation of one key)
//	row.go decision.go     what readers see (sealed Row), and why something waits
//
// The package imports the standard library only, does no IO, reads no clock and holds no state.
package deploy
