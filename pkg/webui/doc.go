// Package webui shows a master or a worker to people and programs: a calm page rendered on the server, and the same rows as JSON.
//
//	/                      what the cluster holds, refreshed by the browser every few seconds
//	/api/v1/{kind}         masters, workers, apps, drivers, executors, decisions as JSON; ?after=&limit=&app=&state=
//	/api/v1/{kind}/{id}    one of them
//	/livez                 200 while the process serves
//
// It reads pkg/status only and changes nothing. Everything is served from the binary; pages run no script.
package webui
