package cluster

import (
	"errors"
	"time"

	"github.com/fxamacker/cbor/v2"

	"oplog/oplog"
	"oplog/storage"
)

// write is what a node sends to the one that leads, as CBOR.
type write struct {
	Tenant  string               `cbor:"1,keyasint,omitempty"` // of the entries
	Entries []oplog.Entry        `cbor:"2,keyasint,omitempty"`
	Skipped int                  `cbor:"3,keyasint,omitempty"`
	Changes []oplog.RecordChange `cbor:"4,keyasint,omitempty"`
	Request []byte               `cbor:"6,keyasint,omitempty"` // see storage.Request; nil for none
	After   uint64               `cbor:"7,keyasint,omitempty"`

	local      []oplog.RecordChange // of this node's copy
	receipts   []oplog.Receipt
	given      bool   // the request has its id from another node, which may have sent it before
	answeredAt uint64 // position of the node that refused it as forgotten
}

func (w *write) setRequest(r storage.Request) {
	if w.Request, w.After = nil, r.After; r.ID != (storage.RequestID{}) {
		w.Request = r.ID[:]
	}
}

func (w *write) request() (r storage.Request) {
	copy(r.ID[:], w.Request)
	r.After = w.After
	return r
}

// answer is the answer to a write.
type answer struct {
	Position committed       `cbor:"1,keyasint"` // a store that has come so far has the write, or the record because of which it was refused
	Receipts []oplog.Receipt `cbor:"2,keyasint,omitempty"`
	Assigned []assigned      `cbor:"3,keyasint,omitempty"` // to the entries
	Failed   *failure        `cbor:"5,keyasint,omitempty"`
}

// assigned is what the log sets in an entry.
type assigned struct {
	ID  string `cbor:"1,keyasint,omitempty"`
	Seq uint64 `cbor:"2,keyasint,omitempty"`
}

// take puts what the log has assigned where the caller expects it.
func (w *write) take(a *answer) {
	w.receipts = a.Receipts
	for i := range min(len(w.Entries), len(a.Assigned)) {
		w.Entries[i].ID, w.Entries[i].Seq = a.Assigned[i].ID, a.Assigned[i].Seq
	}
}

// answer returns the answer to a write that was done.
func (w *write) answer(position committed) *answer {
	a := &answer{Position: position, Receipts: w.receipts}
	for i := range w.Entries {
		a.Assigned = append(a.Assigned, assigned{w.Entries[i].ID, w.Entries[i].Seq})
	}
	return a
}

// failure is an error on its way to another node.
type failure struct {
	Kind    string         `cbor:"1,keyasint,omitempty"` // failureRevision …; "" for others
	Code    oplog.Code     `cbor:"2,keyasint,omitempty"`
	Reason  string         `cbor:"3,keyasint,omitempty"`
	Params  map[string]any `cbor:"4,keyasint,omitempty"`
	Message string         `cbor:"5,keyasint,omitempty"`
	Fields  []failedField  `cbor:"6,keyasint,omitempty"`
	Wait    time.Duration  `cbor:"7,keyasint,omitempty"`
}

type failedField struct {
	Part    oplog.Part     `cbor:"1,keyasint,omitempty"`
	Item    int            `cbor:"2,keyasint,omitempty"`
	Field   string         `cbor:"3,keyasint,omitempty"`
	Value   any            `cbor:"4,keyasint,omitempty"`
	Code    string         `cbor:"5,keyasint,omitempty"`
	Params  map[string]any `cbor:"6,keyasint,omitempty"`
	Message string         `cbor:"7,keyasint,omitempty"`
}

// kinds of failures that callers tell apart by more than their code
const (
	failureRevision   = "revision"
	failureNotLeading = "not-leading" // nothing was done
	failureUncertain  = "uncertain"   // it may be stored
	failureForgotten  = "forgotten"   // see storage.ErrForgotten
)

func failureOf(err error) *failure {
	var e *oplog.Error
	switch {
	case errors.Is(err, oplog.ErrRevision):
		return &failure{Kind: failureRevision}
	case errors.Is(err, errNotLeading):
		return &failure{Kind: failureNotLeading}
	case errors.Is(err, storage.ErrForgotten):
		return &failure{Kind: failureForgotten}
	case !errors.As(err, &e):
		return &failure{Message: err.Error()}
	}
	f := &failure{Code: e.Code, Reason: e.Reason, Params: e.Params, Message: e.Message, Wait: e.Wait}
	if isUncertain(err) {
		f.Kind = failureUncertain
	}
	for _, field := range e.Fields {
		v := field.Violation
		f.Fields = append(f.Fields, failedField{field.Part, field.Item, field.Field, field.Value, v.Code, v.Params, v.Message})
	}
	return f
}

// err returns the error as it was on the other node, without its cause.
func (f *failure) err() error {
	switch {
	case f.Kind == failureRevision:
		return oplog.ErrRevision
	case f.Kind == failureNotLeading:
		return errNotLeading
	case f.Kind == failureForgotten:
		return storage.ErrForgotten
	case f.Kind == failureUncertain:
		return errUncertain
	case f.Code == "":
		return errors.New(f.Message)
	}
	e := &oplog.Error{Code: f.Code, Reason: f.Reason, Params: plain(f.Params), Message: f.Message, Wait: f.Wait}
	for _, field := range f.Fields {
		e.Fields = append(e.Fields, oplog.FieldError{
			Part: field.Part, Item: field.Item, Field: field.Field, Value: field.Value,
			Violation: oplog.Violation{Code: field.Code, Params: plain(field.Params), Message: field.Message},
		})
	}
	return e
}

// plain turns numbers and lists of texts into the types that the domain's errors have.
func plain(params map[string]any) map[string]any {
	for name, value := range params {
		switch value := value.(type) {
		case uint64:
			params[name] = int(value) //nolint:gosec // a limit or a count
		case int64:
			params[name] = int(value)
		case []any:
			texts := make([]string, 0, len(value))
			for _, v := range value {
				if text, ok := v.(string); ok {
					texts = append(texts, text)
				}
			}
			if len(texts) == len(value) {
				params[name] = texts
			}
		}
	}
	return params
}

func mode[T any](m T, err error) T {
	if err != nil {
		panic(err) // the options are constant
	}
	return m
}

var (
	encoding = mode(cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC, TextMarshaler: cbor.TextMarshalerNone}.EncMode())
	decoding = mode(cbor.DecOptions{MaxArrayElements: 1 << 22, MaxMapPairs: 1 << 22}.DecMode())
)
