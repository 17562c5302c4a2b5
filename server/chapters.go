package server

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// chapter is a part of the API in its documents.
type chapter struct {
	name, description string
	paths             []string // of the routes that belong to it, with those below
}

const tenantPath = "/api/v1/tenants/{tenant}"

// chapters are the parts of the API in the order of its documents. The longest path that fits decides.
var chapters = []chapter{
	{"Entries", "Record operations and read them.", []string{tenantPath + "/entries", tenantPath + "/summary", tenantPath + "/live"}},
	{"Catalog and organizations", "The modules, the operation types and the organization tree of a tenant.", []string{tenantPath + "/catalog", tenantPath + "/organizations"}},
	{"Exports", "Files with the entries that filters select, each with a signed manifest.", []string{tenantPath + "/exports"}},
	{"Views", "Filters that people saved.", []string{tenantPath + "/views"}},
	{"Proof", "Signed heads of the log's tree, and proofs that it only grew.", []string{tenantPath + "/checkpoint", "/api/v1/key"}},
	{"Access log", "Who read, exported and administered the log.", []string{tenantPath + "/access", "/api/v1/access"}},
	{"Retention", "For how long entries are kept, and holds that keep them longer.", []string{tenantPath + "/retention", tenantPath + "/holds"}},
	{"Sign-in", "Sessions of people, second factors, and links from a host system.", []string{"/api/v1/setup", "/api/v1/session", "/api/v1/sessions", "/launch", tenantPath + "/launched"}},
	{"Accounts and keys", "Who may use the log: people with accounts, programs with API keys.", []string{"/api/v1/accounts", "/api/v1/second-factor", tenantPath + "/keys"}},
	{"Tenants", "Create tenants and change their settings.", []string{"/api/v1/tenants", "/api/v1/removed-tenants"}},
	{"Server", "The state of the server, and its backups.", []string{"/api/v1", tenantPath + "/status"}},
}

// chapterOf returns the name of the part that a path belongs to.
func chapterOf(path string) string {
	name, length := "", 0
	for _, c := range chapters {
		for _, prefix := range c.paths {
			if (path == prefix || strings.HasPrefix(path, prefix+"/")) && len(prefix) > length {
				name, length = c.name, len(prefix)
			}
		}
	}
	return name
}

// chapterTags are the parts of the API for its OpenAPI document.
func chapterTags() []*huma.Tag {
	var tags []*huma.Tag
	for _, c := range chapters {
		tags = append(tags, &huma.Tag{Name: c.name, Description: c.description})
	}
	return tags
}

// callerNames name the kinds of callers in the OpenAPI document, in the order of their bits.
var callerNames = []string{
	"owner", "admin", "organization-admin", "auditor", "member",
	"key:write", "key:read", "key:launch", "key:directory", "key:metrics", "key:backup",
}

// names lists the kinds of callers; none for anyone.
func (a access) names() []string {
	names := []string{}
	for i, name := range callerNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}
