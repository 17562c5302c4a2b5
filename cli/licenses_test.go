package cli

import (
	"regexp"
	"strings"
	"testing"
)

func TestLicenses(t *testing.T) {
	s := setting{}
	list := s.mustRun(t, "licenses")
	for _, line := range []string{
		`NAME +VERSION +LICENSE`, `oplog +\S+ +Apache-2\.0`, `Go standard library +1\.\S+ +BSD-3-Clause`, `go\.etcd\.io/bbolt +v1\.\S+ +MIT`,
		`react +\d\S+ +MIT`, `zxcvbn common passwords +- +MIT`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(list) {
			t.Errorf("the list has no line %s:\n%s", line, list)
		}
	}
	one := s.mustRun(t, "licenses", "go.etcd.io/bbolt")
	if !strings.HasPrefix(one, "go.etcd.io/bbolt v") || !strings.Contains(one, "Copyright (c) 2013 Ben Johnson") || strings.Contains(one, "Apache License") {
		t.Errorf("the text of one is\n%s", one)
	}
	all := s.mustRun(t, "licenses", "--text")
	for line := range strings.Lines(list[strings.Index(list, "\n")+1:]) {
		name, _, _ := strings.Cut(line, "  ")
		if !strings.Contains(all, "\n"+name+" ") && !strings.HasPrefix(all, name+" ") {
			t.Errorf("there is no text of %s", name)
		}
	}
	s.mustFail(t, "left-pad is not built into the program; see oplog licenses", "licenses", "left-pad")
}
