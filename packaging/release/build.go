package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"oplog/packaging/licenses"
)

// target is a platform that the program is built for.
type target struct{ system, arch string }

func (t target) String() string { return t.system + "/" + t.arch }

var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"},
}

// maxSize limits the size of the program, in bytes.
const maxSize = 36_000_000

// tags leave out what the program does not need: net/http's HTTP/2, which no server of its own speaks and its clients do without; and embedded files
// as they are (see packEmbedded).
const tags = "nethttpomithttp2,packed"

// cold are packages whose code runs at the start, for a person, or beside disks and the network: their calls are not inlined, which makes the program
// smaller. What records, finds and sends entries is not among them.
var cold = []string{
	"oplog/archive/...", "oplog/backup", "oplog/cli", "oplog/cluster", "oplog/control", "oplog/demo", "oplog/docs", "oplog/doctor", "oplog/exports", "oplog/identity/ldap", "oplog/identity/oidc", "oplog/identity/sources",
	"oplog/node", "oplog/proof", "oplog/witness",

	"filippo.io/...", "github.com/alecthomas/kong", "github.com/coreos/...", "github.com/fxamacker/cbor/v2", "github.com/go-asn1-ber/...", "github.com/go-jose/...", "github.com/go-ldap/...", "github.com/go-viper/mapstructure/v2/...",
	"github.com/go-webauthn/...", "github.com/gocarina/gocsv", "github.com/golang-jwt/jwt/v5", "github.com/google/go-tpm/...",
	"github.com/hashicorp/...", "github.com/pelletier/go-toml/v2/...", "github.com/richardlehane/...", "github.com/rivo/uniseg",
	"github.com/schollz/progressbar/v3", "github.com/tinylib/msgp/...", "github.com/valyala/fasthttp/fasthttpadaptor", "github.com/yuin/goldmark/...",

	"crypto/ecdsa", "crypto/elliptic", "crypto/hpke", "crypto/tls", "crypto/x509/...", "encoding/asn1", "encoding/gob", "encoding/xml", "go/...",
	"html/template", "log/slog", "math/big", "mime/...", "net/http/...", "net/rpc", "regexp/syntax", "text/template/...",
}

// release is a release to build.
type release struct {
	source          string // the folder of the sources
	out             string // the folder for the files
	version, commit string
	time            time.Time // of all files
	targets         []target
	cache           string // the build cache of the program; "" for the user's
	overlay         string // see packEmbedded
	log             io.Writer
}

// build builds all files.
func (r *release) build(ctx context.Context) error {
	list, err := licenses.Read()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil { //nolint:gosec // what is published is for everyone
		return err
	}
	work, err := os.MkdirTemp("", "oplog-release")
	if err != nil {
		return err
	}
	fmt.Fprintln(r.log, "without inlining:", strings.Join(cold, " "))
	r.overlay, err = r.packEmbedded(ctx, work)
	for _, t := range r.targets {
		if err != nil {
			break
		}
		if err = r.buildTarget(ctx, t, work, list); err != nil {
			err = fmt.Errorf("%s: %w", t, err)
		}
	}
	if err == nil {
		err = r.writeSums()
	}
	return errors.Join(err, os.RemoveAll(work))
}

// name returns the name of a target's files, without an extension.
func (r *release) name(t target) string { return "oplog-" + r.version + "-" + t.system + "-" + t.arch }

// buildTarget builds the files of a target.
func (r *release) buildTarget(ctx context.Context, t target, work string, list licenses.List) error {
	program := filepath.Join(work, r.name(t))
	if err := r.compile(ctx, t, program); err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.log, "%-14s %5.1f MiB, %d bytes of at most %d\n", t, float64(info.Size())/(1<<20), info.Size(), maxSize)
	if info.Size() > maxSize {
		return fmt.Errorf("the program has %d bytes, more than %d", info.Size(), maxSize)
	}
	sbom, err := r.sbom(t, program, list)
	if err != nil {
		return err
	}
	sbomFile := filepath.Join(r.out, r.name(t)+".cdx.json")
	if err := os.WriteFile(sbomFile, sbom, 0o644); err != nil { //nolint:gosec // what is published is for everyone
		return err
	}
	if err := r.archive(t, program); err != nil {
		return err
	}
	if t.system != "linux" {
		return nil
	}
	return r.pack(ctx, t, program, sbomFile)
}

// compile builds the program. The paths, the time and the machine of the build leave no trace in it.
func (r *release) compile(ctx context.Context, t target, program string) error {
	env := []string{
		"CGO_ENABLED=0", "GOOS=" + t.system, "GOARCH=" + t.arch, "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0",
	}
	if r.cache != "" {
		env = append(env, "GOCACHE="+r.cache)
	}
	flags := fmt.Sprintf("-s -w -buildid= -X main.version=%s -X 'main.commit=%s'", r.version, r.commit)
	args := []string{"build", "-trimpath", "-buildvcs=false", "-overlay", r.overlay, "-tags", tags, "-ldflags", flags}
	for _, name := range cold {
		args = append(args, "-gcflags="+name+"=-l")
	}
	_, err := output(ctx, r.source, env, "go", append(args, "-o", program, ".")...)
	return err
}

// pack builds the .deb and the .rpm.
func (r *release) pack(ctx context.Context, t target, program, sbom string) error {
	env := []string{
		"ARCH=" + t.arch, "VERSION=" + r.version, "BINARY=" + program, "SBOM=" + sbom, "SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.time.Unix(), 10),
	}
	for _, kind := range []string{"deb", "rpm"} {
		_, err := output(ctx, r.source, env, "go", "tool", "-modfile=tools/release/go.mod", "nfpm", "package",
			"--config", "packaging/nfpm.yaml", "--packager", kind, "--target", filepath.Join(r.out, r.name(t)+"."+kind))
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSums writes SHA256SUMS, which sha256sum --check reads.
func (r *release) writeSums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var lines []string
	for _, entry := range entries {
		sum, err := hash(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		lines = append(lines, sum+"  "+entry.Name()+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644) //nolint:gosec // what is published is for everyone
}

// hash returns the SHA-256 of a file in hexadecimal.
func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
