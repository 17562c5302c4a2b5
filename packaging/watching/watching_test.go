package watching

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// place is where a panel is, of 24 columns.
type place struct{ X, Y, W, H int }

// TestDashboard: panels have ids of their own, do not cover each other, and ask the data source that people choose.
func TestDashboard(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Templating struct {
			List []struct{ Name, Type string }
		}
		Panels []struct {
			ID          int
			Type, Title string
			GridPos     place
			Datasource  struct{ UID string }
			Targets     []struct {
				Expr       string
				Datasource struct{ UID string }
			}
		}
	}
	if err := json.Unmarshal(files[0].Content, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Templating.List) != 2 || d.Templating.List[0].Type != "datasource" || d.Templating.List[1].Name != "instance" {
		t.Errorf("the variables are %+v", d.Templating.List)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s is at %+v, where %s is", p.Title, p.GridPos, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%s asks %q", p.Title, p.Datasource.UID)
		}
		for _, q := range p.Targets {
			if q.Datasource.UID != "${datasource}" || !strings.Contains(q.Expr, `instance=~"$instance"`) || strings.Contains(q.Expr, "@") {
				t.Errorf("%s asks %q: %s", p.Title, q.Datasource.UID, q.Expr)
			}
		}
	}
	if len(d.Panels) < 30 {
		t.Errorf("there are %d panels", len(d.Panels))
	}
}

// TestAlertsOfEveryJob: the alerts that select a job select each job of the example of a configuration.
func TestAlertsOfEveryJob(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../examples/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	jobs := regexp.MustCompile(`(?m)^ *- job_name: (\S+)$`).FindAllStringSubmatch(string(example), -1)
	selectors := regexp.MustCompile(`\bjob(=~?)"([^"]*)"`).FindAllStringSubmatch(string(files[1].Content), -1)
	if len(jobs) != 2 || len(selectors) != 3 {
		t.Errorf("%q, %q", jobs, selectors)
	}
	for _, s := range selectors {
		pattern := regexp.QuoteMeta(s[2])
		if s[1] == "=~" {
			pattern = s[2]
		}
		for _, job := range jobs {
			if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(job[1]) {
				t.Errorf("%s does not select the job %s", s[0], job[1])
			}
		}
	}
}
