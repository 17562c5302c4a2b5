package cli

import (
	"fmt"
	"net"
)

// tellReady tells what started the program that it serves now: its own caller, and systemd for a unit of Type=notify.
func (m *Program) tellReady() {
	if m.ready != nil {
		m.ready()
	}
	if socket := m.Getenv("NOTIFY_SOCKET"); socket != "" {
		if err := notify(socket, "READY=1"); err != nil {
			m.logger().Error("cannot tell systemd that the server is ready", "err", err)
		}
	}
}

// notify sends a message to systemd's socket (sd_notify). A name that begins with @ is in the abstract namespace.
func notify(socket, message string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(message)); err != nil {
		return fmt.Errorf("write to %s: %w", socket, err)
	}
	return nil
}
