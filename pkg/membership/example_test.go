package membership_test

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/membership"
)

// The masters of a URL, as a hint where a leader may be.
func ExampleNewStatic() {
	list, err := membership.NewStatic(
		membership.Member{Name: "m2", Role: deploy.RoleMaster, Address: deploy.Address{Host: "node2", Port: 7077}},
		membership.Member{Name: "m1", Role: deploy.RoleMaster, Address: deploy.Address{Host: "node1", Port: 7077}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range list.Members() {
		fmt.Println(m.Name, m.Role, m.Address, m.Health)
	}
	// Output:
	// m1 master node1:7077 alive
	// m2 master node2:7077 alive
}
