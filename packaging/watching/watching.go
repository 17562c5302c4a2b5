// Package watching has the files by which Prometheus and Grafana watch a server.
package watching

import "io/fs"

// File is a file to give to Prometheus or Grafana.
type File struct {
	Name    string
	About   string // what it is for
	Content []byte
}

// Files returns all files.
func Files() ([]File, error) {
	files := []File{
		{Name: "grafana-dashboard.json", About: "import it in Grafana (Dashboards, New, Import) and choose the data source"},
		{Name: "prometheus-alerts.yml", About: "name it below rule_files in prometheus.yml"},
	}
	for i := range files {
		var err error
		if files[i].Content, err = fs.ReadFile(embedded, files[i].Name); err != nil {
			return nil, err
		}
	}
	return files, nil
}
