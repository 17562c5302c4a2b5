package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oplog/identity"

	"github.com/golang-jwt/jwt/v5"
)

// TestHost: only the host's admin sees the link, the page runs no script, and each click creates a new token.
func TestHost(t *testing.T) {
	clock := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	key := identity.APIKey{Tenant: TenantID, Secret: "the host's own secret"}
	h := Host{Key: func() (identity.APIKey, error) { return key, nil }, Now: func() time.Time { return clock }}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	for path, link := range map[string]string{
		"/host": "Operation Log</a>", "/host?as=admin&lang=zh-CN": "操作日志</a>", "/host?as=member": "", "/host?as=member&lang=zh-CN": "",
	} {
		page := get(path).Body.String()
		if shown := strings.Contains(page, "/host/open") || strings.Contains(strings.ToLower(page), "operation log") || strings.Contains(page, "操作日志"); shown != (link != "") || !strings.Contains(page, link) {
			t.Errorf("%s: the link is shown: %v", path, shown)
		}
		if strings.Contains(page, "<script") || strings.Contains(page, "style=") || strings.Contains(page, "token") {
			t.Errorf("%s: %s", path, page)
		}
	}
	for path, want := range map[string]int{
		"/host/style.css": 200, "/host/open?as=admin": 302, "/host/open?as=member": 404, "/host/page.html": 404, "/host/else": 404, "/host/../demo": 404,
	} {
		if got := get(path); got.Code != want || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, got.Code, got.Header())
		}
	}
	seen := map[string]bool{}
	for range 2 {
		address, err := get("/host/open?as=admin&lang=zh-CN").Result().Location()
		if err != nil || address.Path != "../launch" || address.Query().Get("tenant") != TenantID {
			t.Fatalf("%s, %v", address, err)
		}
		claims := jwt.MapClaims{}
		_, err = jwt.NewParser(jwt.WithTimeFunc(h.Now), jwt.WithExpirationRequired()).ParseWithClaims(address.Query().Get("token"), claims,
			func(*jwt.Token) (any, error) { return []byte(key.Secret), nil })
		id, _ := claims["jti"].(string)
		if err != nil || id == "" || seen[id] || claims["role"] != "admin" || claims["locale"] != "zh-CN" {
			t.Errorf("%v, %v", claims, err)
		}
		seen[id] = true
	}
}
