package server

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"oplog/server/wire"
)

// Health endpoints are available to the machine itself, and to callers with a key.

func (s *Server) healthz(c *fiber.Ctx) error {
	if err := s.authorizeMonitoring(c); err != nil {
		return err
	}
	return wire.SendText(c, http.StatusOK, "ok\n")
}

func (s *Server) readyz(c *fiber.Ctx) error {
	if err := s.authorizeMonitoring(c); err != nil {
		return err
	}
	if s.closing.Load() {
		return wire.SendText(c, http.StatusServiceUnavailable, "stopping\n")
	}
	if _, err := s.directory.TenantsAfter("", 1); err != nil {
		s.logger.Error("cannot read the store", "err", err)
		return wire.SendText(c, http.StatusServiceUnavailable, "cannot read the store\n")
	}
	if why := s.notReady(); why != "" {
		return wire.SendText(c, http.StatusServiceUnavailable, why+"\n")
	}
	if err := s.node.Failure(); err != nil {
		return wire.SendText(c, http.StatusServiceUnavailable, "read-only: "+err.Error()+"\n")
	}
	if err := s.journal.Ready(); err != nil {
		return wire.SendText(c, http.StatusServiceUnavailable, "the index is catching up: "+err.Error()+"\n")
	}
	return wire.SendText(c, http.StatusOK, "ready\n")
}
