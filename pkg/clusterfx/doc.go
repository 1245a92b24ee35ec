// Package clusterfx wires masters and workers with uber-go/fx. It is the one place outside cmd that knows fx: every component has a plain
// constructor New(Config, Deps) and Run(ctx), and can be used without it.
//
//	fx.New(
//		clusterfx.Master,                       // one fx.Module per component
//		fx.Supply(cfg, listener, mode),         // its configuration and
//		fx.Provide(newTransport, newPolicy),    // its extension points: yours to provide
//	)
//
// Modules provide only what they own. The extension points (recovery.Mode, scheduler.SchedulerPolicy, launcher.ExecutorLauncher, rpc.Transport,
// artifact.Store) come from the application.
package clusterfx
