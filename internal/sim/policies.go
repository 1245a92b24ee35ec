package sim

// policyNames are the policies a seed may draw.
func policyNames() []string { return []string{"first-fit"} }

func newPlanner(string) planner { return &firstFit{} }
