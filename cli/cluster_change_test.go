package cli

import "strings"

// addTenant adds a tenant beside a node that leads, or is about to.
func (c *trio) addTenant(id, name, dir string) {
	c.Helper()
	var r result
	c.await("tenant "+id, func() bool {
		r = c.run(c.T, "tenant", "add", id, "--name", name, "--data", dir)
		return r.status == 0 || !strings.Contains(r.stderr, "no node leads")
	})
	if r.status != 0 {
		c.Fatalf("%+v", r)
	}
}
