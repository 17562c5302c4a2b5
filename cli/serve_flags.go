package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"oplog/oplog"
)

// serveFlags are the settings of a server. Each field is a flag of the serving commands, a variable of the environment and a key of the
// configuration file; serveSettings lists them. A section of the file is an embedded struct whose prefix is the section's name: tls-cert is
// cert in [tls].
type serveFlags struct {
	dataFlag
	Listen       string   `default:"127.0.0.1:8484" placeholder:"ADDR" help:"Address to listen on (${default}); port 0 takes a free one."`
	Host         []string `placeholder:"NAME" help:"Host name of the server, besides localhost; may be repeated. Requests for other hosts are rejected."`
	NoOpen       bool     `help:"Do not open the browser."`
	Anchor       string   `placeholder:"DIR" help:"Folder off this machine, such as a network share or USB stick, for the checkpoints of all logs and access logs, every few minutes and on exit; it must exist."`
	Witness      []string `sep:"none" placeholder:"\"VKEY URL\"" help:"Witness that cosigns each checkpoint: the verifier key that it prints, and its URL; may be repeated."`
	Insecure     bool     `help:"Allow other machines to connect without HTTPS: passwords and entries can be read in the network."`
	BasePath     string   `placeholder:"PATH" help:"Path of all URLs behind a reverse proxy, such as /oplog."`
	TrustedProxy []string `placeholder:"CIDR" help:"Network of a reverse proxy, such as 10.0.0.5/32, whose X-Forwarded-For, -Proto and -Host headers are trusted; may be repeated."`
	MemoryLimit  string   `placeholder:"SIZE" help:"Memory that the program tries to stay within, such as 512MiB or 2GiB; by default three quarters of the machine's or container's."`

	AccessLogDays int `placeholder:"DAYS" help:"Days to keep the access log of the installation, with events that belong to no tenant: at least 365. By default it is kept forever."`

	TLS     tlsFlags     `embed:"" prefix:"tls-"`
	Cluster clusterFlags `embed:"" prefix:"cluster-"`
	Metrics metricsFlags `embed:"" prefix:"metrics-"`
	Scrub   scrubFlags   `embed:"" prefix:"scrub-"`

	Backup backupSettings `embed:"" prefix:"backup-"`

	archiveSettings

	Logging loggingFlags `embed:"" prefix:"log-"`

	proxies     []netip.Prefix // of TrustedProxy
	certificate *renewed       // that listen uses; nil for none
}

// tlsFlags are the settings of HTTPS.
type tlsFlags struct {
	Cert string `placeholder:"FILE" and:"tls" help:"Certificate for HTTPS. A renewed certificate is used without a restart."`
	Key  string `placeholder:"FILE" and:"tls" help:"Key of the certificate, which others must not be able to read."`
}

// clusterFlags are the settings of a node of a cluster; they say nothing to a log on one machine.
type clusterFlags struct {
	Listen string `placeholder:"ADDR" help:"Address to listen on for the other nodes of a cluster, if it is not the one by which they reach this node (oplog cluster)."`
}

// metricsFlags are the settings of monitoring.
type metricsFlags struct {
	Listen string `placeholder:"ADDR" help:"Separate address for /metrics, /healthz and /readyz, which need no key there."`
}

// scrubFlags are the settings of the checks in the background.
type scrubFlags struct {
	Every time.Duration `default:"168h" placeholder:"DURATION" help:"How often all pages and entries of the store are checked in the background (${default}, a week); 0 for never."`
}

// basePaths matches the values of --base-path, which contain only characters that HTML and URLs leave as they are.
var basePaths = regexp.MustCompile(`^(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)

// Validate checks the flags before anything is opened.
func (f *serveFlags) Validate() error {
	for _, flag := range []struct{ name, address string }{{"listen", f.Listen}, {"metrics-listen", f.Metrics.Listen}, {"cluster-listen", f.Cluster.Listen}} {
		if err := hostPort(flag.name, flag.address); err != nil {
			return err
		}
	}
	if _, err := memorySize(f.MemoryLimit); err != nil {
		return err
	}
	if f.Scrub.Every < 0 {
		return fmt.Errorf("--scrub-every %s is negative; specify a duration such as 168h, or 0 for never", f.Scrub.Every)
	}
	if err := errors.Join(checkAccessLogDays(f.AccessLogDays), f.Backup.check(), f.Logging.check(), f.checkArchive()); err != nil {
		return err
	}
	f.BasePath = strings.TrimRight(f.BasePath, "/")
	if !basePaths.MatchString(f.BasePath) {
		return fmt.Errorf("--base-path %s is not a path such as /oplog: letters, digits, and . _ ~ - in each part", f.BasePath)
	}
	f.proxies = nil
	for _, proxy := range f.TrustedProxy {
		network, ok := oplog.ParseNetwork(proxy)
		if !ok {
			return fmt.Errorf("--trusted-proxy %s is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24", proxy)
		}
		f.proxies = append(f.proxies, network)
	}
	for _, host := range f.Host {
		if strings.Contains(host, "/") {
			return fmt.Errorf("--host %s is a URL; specify only the host name: --host %s", host, bareHost(host))
		}
		if strings.Contains(host, "*") {
			return fmt.Errorf("--host %s is a pattern, which is not supported; specify each host name: --host log.example.com", host)
		}
	}
	return nil
}

func checkAccessLogDays(n int) error {
	if n != 0 && (n < oplog.MinAccessDays || n > oplog.MaxRetentionDays) {
		return fmt.Errorf("--access-log-days %d is not %d to %d; 0 keeps the access log forever", n, oplog.MinAccessDays, oplog.MaxRetentionDays)
	}
	return nil
}
