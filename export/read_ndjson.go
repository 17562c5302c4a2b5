package export

import (
	"errors"
	"fmt"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// readNDJSON returns what reads an entry a line; blank lines are passed over.
// What the log gave to an entry that it exported, seq and received_at, it gives
// anew.
func readNDJSON(lines *physicalLines) func() (oplog.ImportLine, error) {
	return func() (oplog.ImportLine, error) {
		for {
			text, err := lines.next()
			line := oplog.ImportLine{Number: lines.number}
			var broken lineError
			switch {
			case errors.As(err, &broken):
				line.Err = broken
				return line, nil
			case err != nil:
				return line, err
			case strings.TrimSpace(text) == "":
				continue
			}
			if err := jsonv2.Unmarshal([]byte(text), &line.Entry, jsonv2.RejectUnknownMembers(true)); err != nil {
				line.Err = jsonError(err)
			}
			line.Entry.Seq, line.Entry.ReceivedAt = 0, time.Time{}
			return line, nil
		}
	}
}

// jsonError words why a line is no entry.
func jsonError(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return lineError("is not JSON: " + strings.TrimPrefix(syntax.Error(), "jsontext: "))
	}
	var wrong *jsonv2.SemanticError
	if !errors.As(err, &wrong) {
		return err
	}
	place := strings.ReplaceAll(strings.TrimPrefix(string(wrong.JSONPointer), "/"), "/", ".")
	switch {
	case errors.Is(wrong.Err, jsonv2.ErrUnknownName):
		return lineError(fmt.Sprintf("has a field %s, which an entry has not", place))
	case place == "":
		return lineError(fmt.Sprintf("is a JSON %s; an entry is an object", wrong.JSONKind))
	case wrong.Err != nil:
		return lineError(fmt.Sprintf("%s cannot be read: %v", place, wrong.Err))
	default:
		return lineError(fmt.Sprintf("%s is a JSON %s, and must not be", place, wrong.JSONKind))
	}
}
