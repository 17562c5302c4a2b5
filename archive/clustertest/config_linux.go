package clustertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// write writes a file of the cluster and returns its path.
func (c *Cluster) write(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// makeCertificates makes a CA, and a certificate for all servers.
func (c *Cluster) makeCertificates() error {
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "archive test CA"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	leaf, err := x509.CreateCertificate(rand.Reader, server, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return err
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	c.CAFile = c.write("ca.pem", text("CERTIFICATE", root))
	c.write("server.pem", text("CERTIFICATE", leaf))
	c.write("server.key", text("PRIVATE KEY", key))
	c.CA = x509.NewCertPool()
	c.CA.AppendCertsFromPEM([]byte(text("CERTIFICATE", root)))
	return nil
}

// jars are what ZooKeeper needs, without its administration.
var jars = strings.Fields(`zookeeper zookeeper-jute slf4j-api slf4j-nop netty-all netty-handler netty-common netty-buffer netty-transport netty-codec netty-resolver metrics-core
	snappy-java commons-cli commons-io log4j-1.2 jackson-core jackson-databind jackson-annotations`)

func (c *Cluster) keeper(port int) *Keeper {
	dir := filepath.Join(c.dir, "keeper")
	settings := c.write("keeper/zoo.cfg", fmt.Sprintf("tickTime=500\ninitLimit=10\nsyncLimit=5\ndataDir=%s/data\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxClientCnxns=200\n",
		dir, port))
	var path []string
	for _, jar := range jars {
		path = append(path, filepath.Join(c.root, "usr/share/java", jar+".jar"))
	}
	return &Keeper{port: port, Process: &Process{t: c.t, name: "ZooKeeper", dir: dir, command: func() *exec.Cmd {
		return exec.Command("java", "-Xmx192m", "-XX:+UseSerialGC", "-cp", strings.Join(path, ":"), "org.apache.zookeeper.server.quorum.QuorumPeerMain", settings)
	}}}
}

func (c *Cluster) serverProgram() string { return filepath.Join(c.root, "usr/sbin/clickhouse-server") }

// node writes the configuration of a server.
func (c *Cluster) node(i, https, http, tcp, peer int) *Node {
	name := fmt.Sprint("server", i)
	dir := filepath.Join(c.dir, name)
	n := &Node{
		cluster: c, number: i, https: https, http: http, tcp: tcp, peer: peer, Data: filepath.Join(dir, "data"),
		URL: fmt.Sprintf("https://127.0.0.1:%d", https), Plain: fmt.Sprintf("http://127.0.0.1:%d", http),
	}
	c.write(name+"/users.xml", users())
	settings := c.write(name+"/config.xml", n.config(dir))
	libraries, _ := filepath.Glob(filepath.Join(c.root, "usr/lib/*-linux-gnu"))
	more, _ := filepath.Glob(filepath.Join(c.root, "lib/*-linux-gnu"))
	n.Process = &Process{t: c.t, name: name, dir: dir, command: func() *exec.Cmd {
		// A write beyond a limit fails instead of ending the server.
		server := exec.Command("sh", "-c", `trap '' XFSZ; exec "$@"`, "sh", c.serverProgram(), "--config-file="+settings)
		server.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(append(libraries, more...), ":"))
		return server
	}}
	return n
}

func users() string {
	user := func(name, secret string) string {
		return fmt.Sprintf("<%s>%s<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></%s>", name, secret, name)
	}
	return `<yandex><profiles><default><max_memory_usage>3000000000</max_memory_usage></default></profiles><users>` +
		user(User, fmt.Sprintf("<password_sha256_hex>%x</password_sha256_hex>", sha256.Sum256([]byte(Password)))) + user("default", "<password></password>") +
		`</users><quotas><default></default></quotas></yandex>`
}

func (n *Node) config(dir string) string {
	return fmt.Sprintf(`<yandex><logger><level>warning</level><log>%[1]s/log</log><errorlog>%[1]s/errors</errorlog><size>50M</size><count>1</count></logger>
<https_port>%[2]d</https_port><http_port>%[3]d</http_port><tcp_port>%[4]d</tcp_port><interserver_http_port>%[5]d</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
<openSSL><server><certificateFile>%[6]s/server.pem</certificateFile><privateKeyFile>%[6]s/server.key</privateKeyFile><verificationMode>none</verificationMode>
<loadDefaultCAFile>true</loadDefaultCAFile><cacheSessions>true</cacheSessions></server></openSSL>
<max_connections>200</max_connections><mark_cache_size>300000000</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
<path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><users_config>%[1]s/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<zookeeper><node><host>127.0.0.1</host><port>%[7]d</port></node><session_timeout_ms>5000</session_timeout_ms></zookeeper>
<macros><shard>%[8]d</shard><replica>r%[9]d</replica></macros></yandex>
`, dir, n.https, n.http, n.tcp, n.peer, n.cluster.dir, n.cluster.Keeper.port, n.number/2, n.number%2)
}
