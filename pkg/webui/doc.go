// Package webui shows a master or a worker to people and programs: a calm page rendered on the server, and the same rows as JSON.
//
//	/                      what the cluster holds, refreshed by the browser every few seconds
//	/api/v1/{kind}         masters, workers, apps, drivers, executors, decisions as JSON; ?after=&limit=&app=&state=
//	/api/v1/{kind}/{id}    one of them
//	/api/v1/apps/{id}/why     why it waits and on which workers (drivers too); ?profile=&workers=&after=&history=
//	/api/v1/plan           would it fit; ?cores=&memory=&executors=&resource=gpu=1&driver=&coresMax=&gang=&queue=&priority=&require=&prefer=&apart=&maxPerWorker=
//	/livez                 200 while the process serves
//
// It reads pkg/status, passes questions on to the master, and changes nothing. Everything is served from the binary; pages run no script.
package webui
