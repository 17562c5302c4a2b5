package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"

	"oplog/oplog"
)

// maxBody exceeds any request: 63 hashes and a checkpoint with a few signatures.
const maxBody = 64 << 10

// maxLogged limits what is logged of a text that anybody can send, in bytes.
const maxLogged = 256

// maxEvidence exceeds the requests of a log.
const maxEvidence = 8 << 10

// sizeType is the type of the size in a response to a conflict.
const sizeType = "text/x.tlog.size"

// Handler serves the protocol of C2SP tlog-witness: POST /add-checkpoint, and GET /HASH/checkpoint, the last cosigned checkpoint of the
// origin with that SHA-256; and POST /add-key-changes, with which a log says how its key was replaced.
func (w *Witness) Handler(logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(out http.ResponseWriter, in *http.Request) { w.addCheckpoint(out, in, logger) })
	mux.HandleFunc("POST /add-key-changes", func(out http.ResponseWriter, in *http.Request) { w.addKeyChanges(out, in, logger) })
	mux.HandleFunc("GET /{hash}/checkpoint", w.sendCheckpoint)
	return mux
}

func (w *Witness) addCheckpoint(out http.ResponseWriter, in *http.Request, logger *slog.Logger) {
	body, err := io.ReadAll(http.MaxBytesReader(out, in.Body, maxBody))
	if err != nil {
		http.Error(out, "the body cannot be read, or is too long", http.StatusBadRequest)
		return
	}
	r, err := parseRequest(string(body))
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	line, err := w.Cosign(r)
	var refused *refusal
	switch {
	case err == nil:
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(out, line) // the client asks again
	case !errors.As(err, &refused):
		logger.Error("a checkpoint could not be cosigned", "err", err)
		http.Error(out, "the witness failed", http.StatusInternalServerError)
	case refused.status == http.StatusConflict:
		out.Header().Set("Content-Type", sizeType)
		out.WriteHeader(refused.status)
		_, _ = fmt.Fprintln(out, refused.size)
	default:
		if refused.status == http.StatusUnprocessableEntity {
			logger.Error("a log was not cosigned", "reason", refused.text, "request", oplog.Clip(string(body), maxEvidence))
		}
		http.Error(out, refused.text, refused.status)
	}
}

func (w *Witness) addKeyChanges(out http.ResponseWriter, in *http.Request, logger *slog.Logger) {
	var history oplog.KeyHistory
	if err := json.NewDecoder(http.MaxBytesReader(out, in.Body, maxBody)).Decode(&history); err != nil {
		http.Error(out, "the body is not the key with its changes, or is too long", http.StatusBadRequest)
		return
	}
	replaced, err := w.AddKeyChanges(history)
	var refused *refusal
	switch {
	case err == nil:
		if replaced {
			logger.Info("a log replaced its key", "key", oplog.Clip(history.Key, maxLogged))
		}
		out.WriteHeader(http.StatusNoContent)
	case errors.As(err, &refused):
		if refused.status == http.StatusForbidden || refused.status == http.StatusUnprocessableEntity { // of a log that the witness follows
			logger.Error("a new key of a log was refused", "reason", oplog.Clip(refused.text, maxLogged), "key", oplog.Clip(history.Key, maxLogged))
		}
		http.Error(out, refused.text, refused.status)
	default:
		logger.Error("a new key of a log could not be stored", "err", err)
		http.Error(out, "the witness failed", http.StatusInternalServerError)
	}
}

var originHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (w *Witness) sendCheckpoint(out http.ResponseWriter, in *http.Request) {
	hash := in.PathValue("hash")
	if !originHash.MatchString(hash) {
		http.NotFound(out, in)
		return
	}
	text, err := os.ReadFile(w.path(hash))
	if err != nil {
		http.NotFound(out, in)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = out.Write(text)
}
