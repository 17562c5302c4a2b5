//go:build !packed

package watching

import "embed"

//go:embed grafana-dashboard.json prometheus-alerts.yml
var embedded embed.FS
