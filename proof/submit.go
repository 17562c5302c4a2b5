package proof

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/witness"
)

const (
	witnessTimeout = 10 * time.Second
	maxAnswer      = 64 << 10
)

// witnessClient follows no redirects: the configured URL is the witness.
var witnessClient = &http.Client{
	Timeout:       witnessTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// submit requests a cosignature of a tree's current checkpoint. It reports whether the witness answered with a rejection.
func (w *Witnesses) submit(ctx context.Context, p *peer, tree string) (refused bool, err error) {
	w.mu.Lock()
	old := p.sizes[tree]
	w.mu.Unlock()
	introduced := false
	for range 3 { // again if the witness names another size, or does not know the log's new key
		text, h, path, err := w.trees.continuation(tree, old)
		if err != nil {
			return false, err
		}
		status, answer, err := post(ctx, p.url+"/add-checkpoint", requestBody(old, path, text))
		if err != nil {
			return false, err
		}
		switch status {
		case http.StatusOK:
			return w.accept(p, tree, h, text, answer)
		case http.StatusConflict:
			size, err := strconv.ParseUint(strings.TrimSpace(answer), 10, 63)
			if err != nil {
				return true, errors.New("it named no size")
			}
			if size > h.size {
				return true, fmt.Errorf("it has seen %d entries, but there are only %d: an old backup was restored, or entries were removed", size, h.size)
			}
			old = size
		case http.StatusForbidden:
			if introduced {
				return true, refusedWith(status, answer)
			}
			if introduced = true; !w.introduce(ctx, p) {
				return true, refusedWith(status, answer)
			}
		default:
			return status < http.StatusInternalServerError, refusedWith(status, answer)
		}
	}
	return true, errors.New("it names another size each time: another server with the same key may use it")
}

func refusedWith(status int, answer string) error {
	line, _, _ := strings.Cut(strings.TrimSpace(answer), "\n")
	return fmt.Errorf("it answered %d: %s", status, line)
}

// introduce tells a witness how the log's key was replaced, and reports whether it follows. Witnesses that are no oplog do not.
func (w *Witnesses) introduce(ctx context.Context, p *peer) bool {
	history, err := w.trees.prover.KeyHistory("")
	if err != nil || len(history.Changes) == 0 {
		return false
	}
	body, err := json.Marshal(history)
	if err != nil {
		return false
	}
	status, _, err := post(ctx, p.url+"/add-key-changes", string(body))
	return err == nil && status == http.StatusNoContent
}

// accept takes the cosignature of a checkpoint from the answer.
func (w *Witnesses) accept(p *peer, tree string, h head, text, answer string) (refused bool, err error) {
	n, err := note.Open([]byte(text+answer), note.VerifierList(p.verifier))
	if err != nil || len(n.Sigs) == 0 {
		return true, errors.New("its answer is not its cosignature; compare the verifier key with the one that oplog witness prints")
	}
	sig := n.Sigs[0]
	key, err := w.trees.signer(text)
	if err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.sizes[tree] = h.size
	p.cosigned[tree] = cosigned{h, text, key, "— " + sig.Name + " " + sig.Base64 + "\n"}
	p.state.CosignedAt = witness.TimeOf(sig)
	w.notifyChanged()
	return false, nil
}

// continuation returns a tree's signed head, with the proof that it continues the tree of an old size.
func (t *Trees) continuation(tree string, old uint64) (text string, h head, path [][]byte, err error) {
	if old == 0 {
		text, h, err = t.checkpoint(tree)
		return text, h, nil, err
	}
	c, err := t.prover.ProveConsistency(tree, old, 0)
	if err != nil {
		return "", h, nil, err
	}
	h, err = headOf(c.Checkpoint)
	return c.Checkpoint, h, c.Path, err
}

// requestBody is the body of add-checkpoint (C2SP tlog-witness).
func requestBody(old uint64, path [][]byte, checkpoint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", old)
	for _, hash := range path {
		b.WriteString(base64.StdEncoding.EncodeToString(hash) + "\n")
	}
	b.WriteString("\n" + checkpoint)
	return b.String()
}

// post sends a text to a witness.
func post(ctx context.Context, url, body string) (status int, answer string, err error) {
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	in.Header.Set("Content-Type", "text/plain; charset=utf-8")
	out, err := witnessClient.Do(in)
	if err != nil {
		return 0, "", err
	}
	data, err := io.ReadAll(io.LimitReader(out.Body, maxAnswer))
	return out.StatusCode, string(data), errors.Join(err, out.Body.Close())
}
