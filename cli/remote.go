package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"oplog/durable"
	"oplog/exports"
	"oplog/oplog"
)

// exportPoll is the interval of polling an export's status.
const exportPoll = 200 * time.Millisecond

// remote is the API of a running server.
type remote struct {
	url, key, caFile string
	http             *http.Client
}

// newRemote returns the API of a server. Redirects are not followed, so that the key is sent to no other address. The certificate of an https URL must be signed by the CA in a file, or, if that is "", by one that this
// machine trusts.
func newRemote(url, key, caFile string) (remote, error) {
	r := remote{strings.TrimSuffix(url, "/"), key, caFile, &http.Client{CheckRedirect: asIs}}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if caFile == "" || !ok {
		return r, nil
	}
	text, err := os.ReadFile(caFile)
	if err != nil {
		return r, fmt.Errorf("cannot read the CA of --ca-file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return r, fmt.Errorf("--ca-file %s contains no certificate in PEM; specify that of the CA, such as ca.pem of oplog tls init", caFile)
	}
	transport = transport.Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	r.http.Transport = transport
	return r, nil
}

// explain says what to do about a certificate that is not accepted.
func (r remote) explain(err error) error {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority) && r.caFile == "":
		return fmt.Errorf("no CA that this machine trusts has signed the certificate of %s; specify the file of its CA, such as ca.pem of oplog tls init, with --ca-file", r.url)
	case errors.As(err, &authority):
		return fmt.Errorf("the CA in --ca-file %s has not signed the certificate of %s; specify the file of the CA that has, such as ca.pem of oplog tls init", r.caFile, r.url)
	case errors.As(err, &name):
		return fmt.Errorf("the certificate of %s is for %s, not for %s; specify one of its names with --server, or give the server a certificate for that name", r.url, namesOf(name.Certificate), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate of %s is valid from %s to %s; renew it, or check the clock of this machine", r.url, moment(invalid.Cert.NotBefore), moment(invalid.Cert.NotAfter))
	}
	return fmt.Errorf("the server does not respond: %w", err)
}

// call sends a request and returns the body of a successful response, which the caller closes.
func (r remote) call(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	answer, err := r.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// send sends a request and returns a successful response, whose body the caller closes.
func (r remote) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, sent)
	if err != nil {
		return nil, fmt.Errorf("--server %s is not the URL of a server: %w", r.url, err)
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return nil, r.explain(err)
	}
	if answer.StatusCode < http.StatusMultipleChoices {
		return answer, nil
	}
	refused := &apiError{status: answer.Status}
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(refused)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("the server responded %s; is %s an oplog server?", answer.Status, r.url)
	}
	return nil, refused
}

// apiError is a response that says what is wrong.
type apiError struct {
	Detail string
	Errors []fieldProblem

	status string
}

// fieldProblem is an invalid field of a request.
type fieldProblem struct {
	Location, Message string
	Value             any
}

func (e *apiError) Error() string {
	text := e.Detail
	for _, f := range e.Errors {
		text += "; " + f.Location + " " + f.Message
	}
	return fmt.Sprintf("the server responded %s: %s", e.status, text)
}

// reason says what is wrong with a field, by its name in the entry.
func (f fieldProblem) reason(field string) error {
	if text, ok := f.Value.(string); ok && text != "" {
		field += " " + oplog.Quote(text)
	}
	return errors.New(strings.TrimSpace(field + " " + f.Message))
}

// serverURL checks the syntax of --server.
func serverURL(text string) (isHTTPS bool, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return false, fmt.Errorf("--server %s is not the URL of a server, such as http://127.0.0.1:8484", text)
	}
	return u.Scheme == "https", nil
}

// read sends a request and decodes the JSON response.
func (r remote) read(ctx context.Context, method, path string, body, into any) error {
	answer, err := r.call(ctx, method, path, body)
	if err != nil {
		return err
	}
	return errors.Join(json.NewDecoder(answer).Decode(into), answer.Close())
}

// readPage decodes a page of a list, and returns the cursor of the next one; "" if it is the last.
func (r remote) readPage(ctx context.Context, path, cursor string, into any) (next string, err error) {
	if cursor != "" {
		path += "?cursor=" + url.QueryEscape(cursor)
	}
	answer, err := r.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	return answer.Header.Get("Next-Cursor"), errors.Join(json.NewDecoder(answer.Body).Decode(into), answer.Body.Close())
}

// readKey reads an API key from a file that others cannot read.
func readKey(path string) (string, error) {
	text, err := durable.ReadSecret(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, " \t\r\n") {
		return "", fmt.Errorf("%s does not contain one API key, as printed by oplog key add", path)
	}
	return key, nil
}

// runOverAPI makes a server write the export, and downloads the file with its manifest.
func (c *exportCommand) runOverAPI(ctx context.Context, m *Program, r remote) error {
	ranged, from, to, err := c.period(nil)
	if err != nil {
		return err
	}
	asked := struct {
		Range   oplog.Range   `json:"range"`
		From    time.Time     `json:"from,omitzero"`
		To      time.Time     `json:"to,omitzero"`
		Format  string        `json:"format"`
		Columns []string      `json:"columns,omitempty"`
		Filters oplog.Filters `json:"filters"`
	}{ranged, from, to, c.Format, c.Columns, c.filters()}
	list := tenantPath(c.Tenant) + "/exports"
	var x exports.Export
	if err := r.read(ctx, http.MethodPost, list, asked, &x); err != nil {
		return err
	}
	path := list + "/" + x.ID
	if err := c.await(ctx, m, r, path, x); err != nil {
		return err
	}
	return c.write(m, func(w io.Writer) (string, error) {
		if err := r.copy(ctx, path+"/file", w); err != nil {
			return "", err
		}
		var manifest strings.Builder
		err := r.copy(ctx, path+"/manifest", &manifest)
		return manifest.String(), err
	})
}

// await shows the progress of an export until it has finished.
func (c *exportCommand) await(ctx context.Context, m *Program, r remote, path string, x exports.Export) error {
	shown := m.progress("Exporting tenant "+c.Tenant+":", x.RowsTotal)
	defer shown.end()
	tick := time.NewTicker(exportPoll)
	defer tick.Stop()
	for done, waited := 0, false; ; {
		if err := r.read(ctx, http.MethodGet, path, nil, &x); err != nil {
			return err
		}
		shown.add(x.RowsDone - done)
		done = x.RowsDone
		if x.Waiting != "" && !waited {
			m.say(slog.LevelWarn, "The export waits for the archive, which does not answer; it goes on by itself.\n")
		}
		waited = x.Waiting != ""
		switch x.Status {
		case exports.Running:
		case exports.Done:
			return nil
		default:
			return fmt.Errorf("the export is %s; start it again. %s", x.Status, x.Error)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r remote) copy(ctx context.Context, path string, to io.Writer) error {
	answer, err := r.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, answer)
	return errors.Join(err, answer.Close())
}
