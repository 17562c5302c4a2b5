package oplog

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestErrorsKeepTheirCodeAndCause(t *testing.T) {
	f := func(t *testing.T, err error, want Code) {
		t.Helper()
		if got := CodeOf(err); got != want {
			t.Errorf("%v has code %q, want %q", err, got, want)
		}
	}
	gone := Errorf(CodeUnavailable, "The disk is gone: %w", fs.ErrNotExist)
	f(t, nil, "")
	f(t, fs.ErrNotExist, "")
	f(t, gone, CodeUnavailable)
	f(t, fmt.Errorf("append: %w", gone), CodeUnavailable)
	f(t, errors.Join(nil, fmt.Errorf("x: %w", gone)), CodeUnavailable)
	if !errors.Is(gone, fs.ErrNotExist) || gone.Error() != "The disk is gone: file does not exist" {
		t.Errorf("%v has lost its cause", gone)
	}
	if plain := Errorf(CodeInvalid, "No."); errors.Unwrap(plain) != nil {
		t.Errorf("%v has a cause", plain)
	}
}

func TestErrorsNameFields(t *testing.T) {
	for n := range 6 {
		e := &Error{Code: CodeInvalid, Message: "It is invalid."}
		for i := range n {
			e.Fields = append(e.Fields, FieldError{Field: fmt.Sprintf("f%d", i), Violation: Violates("required", "is required")})
		}
		text := e.Error()
		for i := range n {
			if named := strings.Contains(text, fmt.Sprintf("f%d is required", i)); named != (i < 3) {
				t.Errorf("%d fields: %q names f%d: %v", n, text, i, named)
			}
		}
		if more := strings.Contains(text, fmt.Sprintf("and %d more", n-3)); more != (n > 3) {
			t.Errorf("%d fields: %q", n, text)
		}
	}
}
