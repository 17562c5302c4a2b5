package archive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

// A server's status names neither the server once more nor the calls that failed.
func TestReasonOf(t *testing.T) {
	const url = "https://a.example:8443"
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	unknown := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "a.example"}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%s: %w", url, refused), syscall.ECONNREFUSED.Error()},
		{fmt.Errorf("%s: %w", url, unknown), "lookup a.example: no such host"},
		{fmt.Errorf("%s: %w", url, context.DeadlineExceeded), "no answer within 3s"},
		{errors.New(url + ": Code: 516. Authentication failed"), "Code: 516. Authentication failed"},
		{errors.New(url + " does not answer"), url + " does not answer"},
	} {
		if got := reasonOf(&ServerError{Server: url, Err: c.err}, url); got != c.want {
			t.Errorf("of %v it is %q, not %q", c.err, got, c.want)
		}
	}
}
