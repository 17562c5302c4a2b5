package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"oplog/witness"
)

type witnessCommand struct {
	Data    string   `required:"" placeholder:"DIR" help:"Directory of the witness's key and of the last checkpoint of each log; it is created if missing, and is no log's data directory."`
	Listen  string   `default:"127.0.0.1:8485" placeholder:"ADDR" help:"Address to listen on (${default}); port 0 takes a free one."`
	Log     []string `required:"" sep:"none" placeholder:"VKEY" help:"Verifier key of a log to follow, as printed by oplog key verifier; may be repeated."`
	Name    string   `placeholder:"NAME" help:"Name of a new witness, which readers of the log see; later starts ignore it."`
	TLSCert string   `name:"tls-cert" placeholder:"FILE" and:"tls" help:"Certificate for HTTPS."`
	TLSKey  string   `name:"tls-key" placeholder:"FILE" and:"tls" help:"Key of the certificate."`

	Logging loggingFlags `embed:"" prefix:"log-"`
}

// Run cosigns checkpoints until the context ends.
func (c *witnessCommand) Run(ctx context.Context, m *Program) (err error) {
	endLog, err := m.beginLog(c.Logging)
	if err != nil {
		return err
	}
	defer func() { err = endLog(err) }()
	w, err := witness.Open(c.Data, c.Name, c.Log, m.Now)
	if err != nil {
		return err
	}
	f := serveFlags{Listen: c.Listen, TLS: tlsFlags{c.TLSCert, c.TLSKey}, Insecure: true} // checkpoints are no secret
	ln, err := f.listen(ctx, m)
	if err != nil {
		return err
	}
	logger := m.logger()
	s := &http.Server{
		Handler: w.Handler(logger), ReadTimeout: shutdownTime, WriteTimeout: shutdownTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	fmt.Fprintln(m.Stdout, "verifier key", w.Key())
	fmt.Fprintln(m.Stdout, "listening on", f.url(ln))
	select {
	case err := <-ended:
		return fmt.Errorf("witness: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := s.Shutdown(finish); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop the witness: %w", err)
	}
	return nil
}

// Validate checks the flags before anything is opened.
func (c *witnessCommand) Validate() error {
	return errors.Join(hostPort("listen", c.Listen), c.Logging.check())
}
