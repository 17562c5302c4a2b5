package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"unicode"

	"oplog/oplog"
)

// explained is an error in the words of the person, with what an administrator has to know besides.
type explained struct {
	told *oplog.Error
	why  error
}

func (e *explained) Error() string   { return fmt.Sprintf("%s (%s)", e.told.Message, brief(e.why)) }
func (e *explained) Unwrap() []error { return []error{e.told, e.why} }

// Why returns what an administrator has to know of an error, which the person is not told; "" if there is nothing.
func Why(err error) string {
	var e *explained
	if !errors.As(err, &e) {
		return ""
	}
	return brief(e.why)
}

// brief returns the text of an error, which may quote a whole answer, on one line of at most 400 characters.
func brief(err error) string {
	const most = 400
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(err.Error(), "?"))
	text = strings.Join(strings.Fields(text), " ")
	if characters := []rune(text); len(characters) > most {
		text = string(characters[:most]) + "…"
	}
	return text
}

// unavailable says that the provider does not answer now.
func (p *Provider) unavailable(why error) error {
	var timedOut net.Error
	if errors.Is(why, context.DeadlineExceeded) || errors.As(why, &timedOut) && timedOut.Timeout() {
		why = fmt.Errorf("no answer within %s: %w", p.timeout, why)
	}
	return &explained{oplog.Refuse(oplog.CodeUnavailable, "source-unavailable", "{source} does not answer. Try again in a moment; accounts of this log can still sign in.", p.Title()), why}
}

// misconfigured says that the configurations of the provider and of this log do not fit.
func (p *Provider) misconfigured(format string, args ...any) error {
	return &explained{
		oplog.Refuse(oplog.CodeUnavailable, "source-misconfigured", "Sign-in with {source} is not set up correctly. Tell an administrator, who finds the reason in the access log.", p.Title()),
		fmt.Errorf(format, args...),
	}
}

// untrusted says that an answer breaks a rule that keeps others from signing in as this person.
func (p *Provider) untrusted(format string, args ...any) error {
	return &explained{
		oplog.Refuse(oplog.CodeUnauthenticated, "sign-in-untrusted", "The answer of {source} cannot be trusted, so you are not signed in. Try again; if that does not help, tell an administrator.", p.Title()),
		fmt.Errorf(format, args...),
	}
}

// expired says that a sign-in must be begun again.
func (p *Provider) expired(format string, args ...any) error {
	return &explained{
		oplog.Refuse(oplog.CodeUnauthenticated, "sign-in-expired", "This sign-in has expired or was used already. Start again."),
		fmt.Errorf(format, args...),
	}
}

// denied says that the provider did not sign somebody in.
func (p *Provider) denied(format string, args ...any) error {
	return &explained{
		oplog.Refuse(oplog.CodeUnauthenticated, "sign-in-denied", "{source} did not sign you in: it was cancelled there, or you may not use this log. Try again, or ask an administrator.", p.Title()),
		fmt.Errorf(format, args...),
	}
}
