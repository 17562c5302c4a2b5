package onprem

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"oplog/cli/clitest"
)

// host is the name at which the examples of the manual serve oplog.
const host = "www.example.com"

// proxy is a web server of Debian, in front of oplog as the manual says.
type proxy struct {
	example       string // the configuration, in packaging/examples
	certs         string // where that expects the certificate
	standard, own string // how it says where to listen, and how with an address and a port of its own
	packages      []string
	command       func(p *proxied) *exec.Cmd // writes its other files to p.dir
}

var proxies = map[string]proxy{
	"nginx":  {"nginx.conf", "/etc/nginx/", "listen 443 ", "listen %s:%s ", []string{"nginx", "nginx-common"}, (*proxied).nginx},
	"Caddy":  {"Caddyfile", "/etc/caddy/", "\n" + host + " {", "\n" + host + ":%[2]s {", []string{"caddy"}, (*proxied).caddy},
	"Apache": {"apache.conf", "/etc/apache2/", "*:443>", "%s:%s>", []string{"apache2-bin", "libapr1", "libaprutil1"}, (*proxied).apache},
}

// proxied is a running proxy.
type proxied struct {
	*testing.T
	root    string // with the files of the packages
	dir     string // of the configuration
	config  string // the file of the example
	address string // host and port that it listens on
	port    string
	roots   *x509.CertPool // that its certificate is signed by
	process *process
}

// startProxy runs a web server as a user without rights, with the configuration of the manual. Only paths and ports differ.
func startProxy(t *testing.T, name, address, backend, tls string) *proxied {
	t.Helper()
	what := proxies[name]
	p := &proxied{T: t, root: debian(t, what.packages...), dir: publicDir(t), address: address}
	p.config = filepath.Join(p.dir, "site.conf")
	ip, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p.port = port
	text := read(t, filepath.Join("../examples", what.example))
	for was, is := range map[string]string{what.standard: fmt.Sprintf(what.own, ip, port), what.certs: p.dir + "/", "127.0.0.1:8484": backend} {
		if !strings.Contains(text, was) {
			t.Fatalf("%s has no %q", what.example, was)
		}
		text = strings.ReplaceAll(text, was, is)
	}
	write(t, p.config, text)
	for _, file := range []string{"cert.pem", "key.pem"} {
		write(t, filepath.Join(p.dir, file), read(t, filepath.Join(tls, file)))
	}
	p.roots = x509.NewCertPool()
	p.roots.AppendCertsFromPEM([]byte(read(t, filepath.Join(tls, "ca.pem"))))
	c := what.command(p)
	if os.Geteuid() == 0 {
		const nobody, bindService = 65534, 10 // the latter is CAP_NET_BIND_SERVICE, for ports below 1024
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: []uintptr{bindService}}
		if err := os.Chown(p.dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	p.process = launch(t, c)
	p.process.listens(p.address)
	return p
}

// nginx uses Debian's nginx.conf, which includes the site.
func (p *proxied) nginx() *exec.Cmd {
	text := read(p.T, filepath.Join(p.root, "etc/nginx/nginx.conf"))
	for _, replaced := range [][2]string{
		{"user www-data;", ""}, {"/run/nginx.pid", p.dir + "/pid"}, {"/var/log/nginx/", p.dir + "/"}, {"/etc/nginx/conf.d/", p.dir + "/"},
		{"/etc/nginx/", p.root + "/etc/nginx/"},
	} {
		if !strings.Contains(text, replaced[0]) {
			p.Fatalf("Debian's nginx.conf has no %s", replaced[0])
		}
		text = strings.ReplaceAll(text, replaced[0], replaced[1])
	}
	write(p.T, filepath.Join(p.dir, "nginx"), text)
	paths := ""
	for _, of := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		paths += fmt.Sprintf("%[1]s_temp_path %[2]s/%[1]s;\n", of, p.dir)
	}
	write(p.T, filepath.Join(p.dir, "paths.conf"), paths)
	return exec.Command(filepath.Join(p.root, "usr/sbin/nginx"), "-e", "stderr", "-c", filepath.Join(p.dir, "nginx"), "-g", "daemon off;")
}

func (p *proxied) caddy() *exec.Cmd {
	write(p.T, p.config, "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n"+read(p.T, p.config))
	c := exec.Command(filepath.Join(p.root, "usr/bin/caddy"), "run", "--adapter", "caddyfile", "--config", p.config)
	c.Env = append(os.Environ(), "HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir, "XDG_DATA_HOME="+p.dir)
	return c
}

// apache uses the modules that the example and its own main configuration need.
func (p *proxied) apache() *exec.Cmd {
	main := fmt.Sprintf("ServerRoot %q\nServerName %s\nListen 127.0.0.1:%s\nPidFile %q\nErrorLog %q\nMutex file:%s\n", p.dir, host, p.port, p.dir+"/pid", p.dir+"/error.log", p.dir)
	for _, module := range []string{"mpm_event", "authz_core", "alias", "headers", "proxy", "proxy_http", "socache_shmcb", "ssl"} {
		main += fmt.Sprintf("LoadModule %s_module %q\n", module, filepath.Join(p.root, "usr/lib/apache2/modules/mod_"+module+".so"))
	}
	path := filepath.Join(p.dir, "apache")
	write(p.T, path, main+fmt.Sprintf("Include %q\n", p.config))
	c := exec.Command(filepath.Join(p.root, "usr/sbin/apache2"), "-DFOREGROUND", "-f", path)
	libraries, err := filepath.Glob(filepath.Join(p.root, "usr/lib/*-linux-gnu"))
	if err != nil {
		p.Fatal(err)
	}
	c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	return c
}

// password is that of the accounts.
const password = "correct horse battery staple"

// keys are the API keys of a log, by scope.
type keys map[string]string

// addPeople adds an owner, an administrator of acme, and a key of each scope to a log.
func addPeople(run func(stdin string, args ...string) string) keys {
	run(password, "account", "add", "root", "--role", "owner", "--password-stdin")
	run(password, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	made := keys{}
	for _, scope := range []string{"write", "read", "launch", "backup", "metrics"} {
		made[scope] = strings.TrimSpace(run("", "key", "add", "--tenant", "acme", "--scope", scope, "--name", scope))
	}
	return made
}

// TestProxies puts the web servers of Debian in front of the program, with the configurations that the manual shows.
func TestProxies(t *testing.T) {
	data, tls, backend := t.TempDir(), t.TempDir(), freeAddress(t)
	oplog(t, "", "tenant", "add", "acme", "--name", "Acme", "--data", data)
	made := addPeople(func(stdin string, args ...string) string { return oplog(t, stdin, append(args, "--data", data)...) })
	oplog(t, "", "tls", "init", "--dir", tls, "--host", host, "--host", "127.0.0.1")
	vkey := strings.TrimSpace(oplog(t, "", "key", "verifier", "--data", data))
	launch(t, exec.Command(clitest.Program(t), "serve", "--data", data, "--listen", backend, "--no-open", "--host", host, "--base-path", "/oplog",
		"--trusted-proxy", "127.0.0.1")).listens(backend)

	t.Run("with", func(t *testing.T) { // ends with all of them
		network := 0
		for name := range proxies {
			network++
			addresses := fmt.Sprintf("127.0.%d.", network)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := startProxy(t, name, freeAddress(t), backend, tls)
				s := site{t, "https://" + host + ":" + p.port + "/oplog", p.address, p.roots, addresses, made, vkey}
				s.check(backend)
				if name == "nginx" { // Caddy serves no other name, such as the address
					s.downloadsBackup(tls)
				}
			})
		}
	})
}

// downloadsBackup runs a command over the API, with the CA in a file.
func (s site) downloadsBackup(tls string) {
	s.Helper()
	dir := s.TempDir()
	key := filepath.Join(dir, "backup.key")
	if err := os.WriteFile(key, []byte(s.keys["backup"]), 0o600); err != nil {
		s.Fatal(err)
	}
	oplog(s.T, "", "backup", "--server", "https://"+s.address+"/oplog", "--ca-file", filepath.Join(tls, "ca.pem"), "--key-file", key, filepath.Join(dir, "a.backup"))
	oplog(s.T, "", "restore", filepath.Join(dir, "a.backup"), "--data", filepath.Join(dir, "restored"))
}
