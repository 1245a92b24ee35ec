package status_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

// A runtime applies rows; readers list them, or follow them.
func ExampleStore() {
	s := status.NewStore()
	s.Apply([]deploy.Row{
		deploy.AppRow{ID: "app-20261120223045-0002", State: deploy.AppWaiting},
		deploy.AppRow{ID: "app-20261120223045-0001", State: deploy.AppFinished},
	})
	for _, row := range s.List(status.Query{Kind: deploy.RowApp, Ended: true}).Rows {
		fmt.Println(row.RowKey().ID, row.(deploy.AppRow).State)
	}
	fmt.Println("waiting:", s.Counts().Apps[deploy.AppWaiting])
	// Output:
	// app-20261120223045-0001 FINISHED
	// app-20261120223045-0002 WAITING
	// waiting: 1
}

// A watch gives what is there, then the newest of what changes.
func ExampleStore_Watch() {
	s := status.NewStore()
	s.Apply([]deploy.Row{deploy.DriverRow{ID: "driver-1", State: deploy.DriverSubmitted}})
	for page := range s.Watch(context.Background(), status.Query{Kind: deploy.RowDriver}) {
		for _, row := range page.Rows {
			fmt.Println(row.(deploy.DriverRow).State)
		}
		if !page.Whole {
			break
		}
		s.Apply([]deploy.Row{deploy.DriverRow{ID: "driver-1", State: deploy.DriverRunning}})
		s.Apply([]deploy.Row{deploy.DriverRow{ID: "driver-1", State: deploy.DriverFinished}})
	}
	// Output:
	// SUBMITTED
	// FINISHED
}
