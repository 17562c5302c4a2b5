package wire

import "testing"

func TestHosts(t *testing.T) {
	check := func(names []string, anyIP bool, host string, want bool) {
		t.Helper()
		if got := NewHosts(names, anyIP).Has(host); got != want {
			t.Errorf("%q with %v, %v: %v", host, names, anyIP, got)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:8484", "localhost.", "127.0.0.1:8484", "127.9.9.9", "[::1]:8484", "[::1]", "::1", "[::ffff:127.0.0.1]"} {
		check(nil, false, host, true)
	}
	for _, host := range []string{"", ":80", "evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "192.0.2.1", "[2001:db8::1]:80", "0.0.0.0", "127.0.0.1@evil.test"} {
		check(nil, false, host, false)
	}
	check(nil, true, "192.0.2.1:8484", true)
	check(nil, true, "[2001:db8::1]:80", true)
	check(nil, true, "evil.test", false)
	check([]string{"Log.Example.com:443"}, false, "log.example.COM", true)
	check([]string{"log.example.com"}, false, "log.example.com.:8443", true)
	check([]string{"log.example.com"}, false, "example.com", false)
}
