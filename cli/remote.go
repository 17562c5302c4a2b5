package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"oplog/durable"
	"oplog/exports"
	"oplog/oplog"
)

// exportPoll is the interval of polling an export's status.
const exportPoll = 200 * time.Millisecond

// remote is the API of a running server.
type remote struct{ url, key string }

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
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the server does not respond: %w", err)
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
func serverURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--server %s is not the URL of a server, such as http://127.0.0.1:8484", text)
	}
	return nil
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
	for done := 0; ; {
		if err := r.read(ctx, http.MethodGet, path, nil, &x); err != nil {
			return err
		}
		shown.add(x.RowsDone - done)
		done = x.RowsDone
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
