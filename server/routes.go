package server

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
)

// Sets of callers; see access. Members are in none that can access a tenant.
const (
	people    = byOwner | byAdmin | byScopedAdmin | byAuditor | byMember
	readers   = byOwner | byAdmin | byScopedAdmin | byAuditor | byReadKey
	onlookers = byOwner | byAdmin | byScopedAdmin | byAuditor
	admins    = byOwner | byAdmin // of a whole tenant
	keys      = byWriteKey | byReadKey | byLaunchKey | byDirectoryKey
)

// routes is the table of all operations of the API.
func (s *Server) routes() []route {
	const (
		setup    = "/api/v1/setup"
		session  = "/api/v1/session"
		sessions = "/api/v1/sessions"
		accounts = "/api/v1/accounts"
		account  = accounts + "/{username}"
		tenants  = "/api/v1/tenants"
		tenant   = tenants + "/{tenant}"
		export   = tenant + "/exports/{id}"
		view     = tenant + "/views/{id}"
	)
	return []route{
		{"GET", setup, anyone, 200, "getSetup", "Whether there is no account yet", nil, answer(s.getSetup)},
		{"POST", setup, anyone, 201, "setUp", "Create the first owner and tenant, while there is no account", nil, answer(s.setUp)},
		{"POST", session, anyone, 200, "signIn", "Sign in", nil, answer(s.signIn)},
		{"GET", "/launch", anyone, 302, "launch", "Sign in a user authenticated by the host system", launchParams, plain(s.launch, describeLaunch)},
		{"GET", session, people, 200, "getSession", "The signed-in user", nil, answer(s.getSession)},
		{"PATCH", session, people, 200, "changeSession", "Change the account's language or its password", nil, answer(s.changeSession)},
		{"DELETE", session, people, 204, "signOut", "Sign out", nil, answer(s.signOut)},
		{"GET", sessions, people, 200, "listSessions", "The caller's sessions, newest first", nil, answer(s.listSessions)},
		{"DELETE", sessions, people, 204, "endSessions", "Sign out everywhere", nil, answer(s.endSessions)},

		{"POST", tenant + "/entries", byWriteKey, 201, "recordEntries", "Record operations, all or none", nil, plain(s.recordEntries, describeIngest)},
		{"GET", tenant + "/entries", readers, 200, "listEntries", "A page of operations, newest first or in order of arrival", pageParams, answer(s.listEntries)},
		{"GET", tenant + "/entries/{id}", readers, 200, "getEntry", "One operation, with its proof; 410 if it was deleted under the retention rule", entryParams, answer(s.getEntry)},
		{"GET", tenant + "/summary", readers, 200, "getSummary", "Counts over time and by value", filterParams, answer(s.getSummary)},
		{"GET", tenant + "/live", readers, 200, "live", "Each new operation as it is recorded", liveParams, plain(s.stream, describeLive)},

		{"GET", tenant + "/catalog", onlookers | keys, 200, "getCatalog", "The modules and their operation types", nil, answer(s.getCatalog)},
		{"PUT", tenant + "/catalog", admins, 200, "setCatalog", "Replace the tenant's additions to the built-in catalog; omitted items that were used stay, retired", nil, answer(s.setCatalog)},
		{"GET", tenant + "/organizations", onlookers, 200, "getOrganizations", "The organization tree", organizationsParams, answer(s.getOrganizations)},
		{"PUT", tenant + "/organizations", admins | byDirectoryKey, 200, "setOrganizations", "Replace the organization tree", nil, plain(s.setOrganizations, describeOrganizations)},

		{"POST", tenant + "/exports", readers, 202, "startExport", "Start an export", nil, answer(s.startExport)},
		{"GET", tenant + "/exports", readers, 200, "listExports", "The exports, newest first", nil, answer(s.listExports)},
		{"GET", export, readers, 200, "getExport", "The status of an export", nil, answer(s.getExport)},
		{"DELETE", export, readers, 200, "removeExport", "Cancel a running export (200), or delete a finished one (204)", nil, answer(s.removeExport)},
		{"GET", export + "/file", readers, 200, "getExportFile", "The file of an export", nil, plain(s.sendExportFile, describeExportFile)},
		{"GET", export + "/bundle", readers, 200, "getExportBundle", "A ZIP of an export with everything needed to verify it", actParams, plain(s.sendExportBundle, describeExportBundle)},
		{"GET", export + "/manifest", readers, 200, "getExportManifest", "The signed manifest of an export", nil, plain(s.sendExportManifest, describeExportManifest)},

		{"GET", tenant + "/views", onlookers, 200, "listViews", "The caller's saved views and the shared ones, by name", nil, answer(s.listViews)},
		{"POST", tenant + "/views", onlookers, 201, "addView", "Save a view", nil, answer(s.addView)},
		{"PATCH", view, onlookers, 200, "changeView", "Change a view; omitted fields stay unchanged", nil, answer(s.changeView)},
		{"DELETE", view, onlookers, 204, "removeView", "Delete a view", nil, answer(s.removeView)},

		{"GET", tenant + "/checkpoint", readers, 200, "getCheckpoint", "The signed head of the tenant's tree", nil, plain(s.sendCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/checkpoint/consistency", readers, 200, "getConsistency", "The proof that the log only grew between two checkpoints", consistencyParams, answer(s.getConsistency)},
		{"GET", "/api/v1/key", people | keys, 200, "getVerifierKey", "The key that verifies checkpoints", nil, answer(s.getVerifierKey)},

		{"GET", tenant + "/access", admins, 200, "listAccess", "Who read, exported and administered the log, newest first", trailParams, answer(s.listAccess)},
		{"GET", tenant + "/access/checkpoint", admins, 200, "getAccessCheckpoint", "The signed head of the access log's tree", nil, plain(s.sendAccessCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/access/checkpoint/consistency", admins, 200, "getAccessConsistency", "The proof that the access log only grew between two checkpoints", consistencyParams, answer(s.getAccessConsistency)},
		{"GET", tenant + "/access/{id}", admins, 200, "getAccess", "One entry of the access log, with its proof", nil, answer(s.getAccess)},
		{"GET", "/api/v1/access", byOwner, 200, "listServerAccess", "Events that belong to no tenant, newest first", trailParams, answer(s.listServerAccess)},
		{"GET", "/api/v1/access/checkpoint", byOwner, 200, "getServerAccessCheckpoint", "The signed head of the tree of events that belong to no tenant", nil, plain(s.sendAccessCheckpoint, describeCheckpoint)},
		{"GET", "/api/v1/access/checkpoint/consistency", byOwner, 200, "getServerAccessConsistency", "The proof that these events only grew between two checkpoints", consistencyParams, answer(s.getAccessConsistency)},
		{"GET", "/api/v1/access/{id}", byOwner, 200, "getServerAccess", "One event that belongs to no tenant, with its proof", nil, answer(s.getServerAccess)},

		{"GET", tenant + "/status", admins, 200, "getStatus", "The size of the tenant's log and the state of its index", nil, answer(s.getStatus)},
		{"GET", "/api/v1/system", byOwner, 200, "getSystem", "The size of the whole log, the version, and the last backup", nil, answer(s.getSystem)},

		{"GET", tenant + "/retention", admins, 200, "getRetention", "The retention rule, legal holds and deletions", retentionParams, answer(s.getRetention)},
		{"POST", tenant + "/holds", admins, 201, "addHold", "Add a legal hold, which keeps days from being deleted", nil, answer(s.addHold)},
		{"DELETE", tenant + "/holds/{id}", byOwner, 200, "liftHold", "Lift a legal hold", nil, answer(s.liftHold)},
		{"GET", "/api/v1/backup", byOwner, 200, "getBackup", "The backup, streamed", nil, plain(s.sendBackup, describeBackup)},
		{"GET", tenants, byOwner, 200, "listTenants", "All tenants", nil, answer(s.listTenants)},
		{"POST", tenants, byOwner, 201, "addTenant", "Create a tenant", nil, answer(s.addTenant)},
		{"PATCH", tenant, byOwner, 200, "changeTenant", "Change settings of a tenant; omitted fields stay unchanged", nil, answer(s.changeTenant)},
		{"GET", accounts, admins, 200, "listAccounts", "The accounts that the caller can administer", accountParams, answer(s.listAccounts)},
		{"POST", accounts, admins, 201, "addAccount", "Create an account", nil, answer(s.addAccount)},
		{"PATCH", account, admins, 200, "changeAccount", "Change an account; omitted fields stay unchanged", nil, answer(s.changeAccount)},
		{"GET", account + "/sessions", admins, 200, "listAccountSessions", "The sessions of an account, newest first", nil, answer(s.listAccountSessions)},
		{"DELETE", account + "/sessions", admins, 204, "endAccountSessions", "Sign an account out everywhere", nil, answer(s.endAccountSessions)},
		{"DELETE", account + "/lock", admins, 204, "unlockAccount", "Allow sign-in again after many failed attempts", nil, answer(s.unlockAccount)},
		{"GET", tenant + "/keys", admins, 200, "listKeys", "The tenant's API keys, including revoked ones", nil, answer(s.listKeys)},
		{"POST", tenant + "/keys", admins, 201, "addKey", "Create an API key", nil, answer(s.addKey)},
		{"DELETE", tenant + "/keys/{id}", admins, 204, "revokeKey", "Revoke an API key immediately", nil, answer(s.revokeKey)},
	}
}

// addPlainRoutes adds the routes outside the API, and last the handlers of unmatched requests.
func (s *Server) addPlainRoutes() {
	s.app.Get("/api/v1/openapi.json", s.sendOpenAPI)
	s.app.Get("/healthz", s.healthz)
	s.app.Get("/readyz", s.readyz)
	s.app.Get("/metrics", s.sendMetrics)
	s.app.Use("/api", s.notFound)
	if s.host != nil {
		s.app.Get("/host", adaptor.HTTPHandler(s.host))
		s.app.Get("/host/*", adaptor.HTTPHandler(s.host))
	}
	s.app.Get("/*", s.sendConsole)
}

// route is one operation of the API.
type route struct {
	method, path string
	who          access
	status       int // of success
	id, summary  string
	params       []*huma.Param // of the query; all others are rejected
	add          func(*Server, *route)
}
