package wire

import "testing"

func TestPreferredEncoding(t *testing.T) {
	for accepts, want := range map[string]string{
		"":                                  "",
		"gzip":                              "gzip",
		"br":                                "br",
		"GZIP":                              "gzip",
		"x-gzip":                            "gzip",
		"deflate, zstd":                     "",
		"br, gzip":                          "gzip", // the first that is offered
		"gzip;q=0.5, br;q=0.6":              "br",
		"gzip; q=0.9 , br;Q=0.8":            "gzip",
		"gzip;q=0":                          "",
		"gzip;q=0.000, br;q=0.001":          "br",
		"*":                                 "gzip",
		"*;q=0":                             "",
		"gzip;q=0, *":                       "br",
		"br;q=0.2, *;q=0.1":                 "br",
		"identity":                          "",
		"identity;q=1, gzip;q=0.5":          "",
		"identity;q=0.5, gzip":              "gzip",
		"identity, gzip":                    "gzip",
		"gzip;q=x, br;level=3, *;q=2":       "",
		"gzip, deflate, br;q=1.0, zstd, , ": "gzip",
	} {
		if got := PreferredEncoding(accepts, "gzip", "br"); got != want {
			t.Errorf("%q: %q, want %q", accepts, got, want)
		}
	}
	if got := PreferredEncoding("gzip, br", "br", "gzip"); got != "br" {
		t.Errorf("of equals %q", got)
	}
}
