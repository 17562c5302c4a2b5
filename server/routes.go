package server

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
)

// Who may make a call; see access. Members are in none that names a tenant.
const (
	people    = byOwner | byAdmin | byScopedAdmin | byAuditor | byMember
	readers   = byOwner | byAdmin | byScopedAdmin | byAuditor | byReadKey
	onlookers = byOwner | byAdmin | byScopedAdmin | byAuditor
	admins    = byOwner | byAdmin // of a whole tenant
	keys      = byWriteKey | byReadKey | byLaunchKey
)

// routes is the table of all calls of the API.
func (s *Server) routes() []route {
	const (
		setup    = "/api/v1/setup"
		session  = "/api/v1/session"
		sessions = "/api/v1/sessions"
		accounts = "/api/v1/accounts"
		tenants  = "/api/v1/tenants"
		tenant   = tenants + "/{tenant}"
		export   = tenant + "/exports/{id}"
		view     = tenant + "/views/{id}"
	)
	return []route{
		{"GET", setup, anyone, 200, "getSetup", "Whether there is no account yet", nil, answer(s.getSetup)},
		{"POST", setup, anyone, 201, "setUp", "Make the first owner and tenant, while there is no account", nil, answer(s.setUp)},
		{"POST", session, anyone, 200, "signIn", "Sign in", nil, answer(s.signIn)},
		{"GET", "/launch", anyone, 302, "launch", "Sign in a person whom the host system vouches for", launchParams, plain(s.launch, describeLaunch)},
		{"GET", session, people, 200, "getSession", "Who is signed in", nil, answer(s.getSession)},
		{"PATCH", session, people, 200, "changeSession", "Change the account's language", nil, answer(s.changeSession)},
		{"DELETE", session, people, 204, "signOut", "Sign out", nil, answer(s.signOut)},
		{"GET", sessions, people, 200, "listSessions", "Where the caller is signed in, newest first", nil, answer(s.listSessions)},
		{"DELETE", sessions, people, 204, "endSessions", "Sign out everywhere", nil, answer(s.endSessions)},

		{"POST", tenant + "/entries", byWriteKey, 201, "recordEntries", "Record operations, all or none", nil, plain(s.recordEntries, describeIngest)},
		{"GET", tenant + "/entries", readers, 200, "listEntries", "A page of operations, newest first or in order of arrival", pageParams, answer(s.listEntries)},
		{"GET", tenant + "/entries/{id}", readers, 200, "getEntry", "One operation, with its proof; 410 where it was deleted under the retention rule", entryParams, answer(s.getEntry)},
		{"GET", tenant + "/summary", readers, 200, "getSummary", "Counts over time and by value", filterParams, answer(s.getSummary)},
		{"GET", tenant + "/live", readers, 200, "live", "Each new operation as it is recorded", liveParams, plain(s.live, describeLive)},

		{"GET", tenant + "/catalog", onlookers | keys, 200, "getCatalog", "The modules and their operation types", nil, answer(s.getCatalog)},
		{"PUT", tenant + "/catalog", admins, 200, "setCatalog", "Replace what the tenant adds to the built-in catalog; what was used and is left out stays, retired", nil, answer(s.setCatalog)},
		{"GET", tenant + "/organizations", onlookers, 200, "getOrganizations", "The tree of organizations", organizationsParams, answer(s.getOrganizations)},
		{"PUT", tenant + "/organizations", admins | byWriteKey, 200, "setOrganizations", "Replace the tree of organizations", nil, plain(s.setOrganizations, describeOrganizations)},

		{"POST", tenant + "/exports", readers, 202, "startExport", "Begin an export", nil, answer(s.startExport)},
		{"GET", tenant + "/exports", readers, 200, "listExports", "The exports, newest first", nil, answer(s.listExports)},
		{"GET", export, readers, 200, "getExport", "How far an export is", nil, answer(s.getExport)},
		{"DELETE", export, readers, 200, "removeExport", "Cancel an export that runs (200), or delete one that has ended (204)", nil, answer(s.removeExport)},
		{"GET", export + "/file", readers, 200, "getExportFile", "The file of an export", nil, plain(s.sendExportFile, describeExportFile)},
		{"GET", export + "/bundle", readers, 200, "getExportBundle", "A ZIP of an export with all that a person needs to check it", nil, plain(s.sendExportBundle, describeExportBundle)},
		{"GET", export + "/manifest", readers, 200, "getExportManifest", "The signed manifest of an export", nil, plain(s.sendExportManifest, describeExportManifest)},

		{"GET", tenant + "/views", onlookers, 200, "listViews", "The caller's saved views and the shared ones, by name", nil, answer(s.listViews)},
		{"POST", tenant + "/views", onlookers, 201, "addView", "Save a view", nil, answer(s.addView)},
		{"PATCH", view, onlookers, 200, "changeView", "Change a view; what is left out stays", nil, answer(s.changeView)},
		{"DELETE", view, onlookers, 204, "removeView", "Remove a view", nil, answer(s.removeView)},

		{"GET", tenant + "/checkpoint", readers, 200, "getCheckpoint", "The signed head of the tenant's tree", nil, plain(s.sendCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/checkpoint/consistency", readers, 200, "getConsistency", "The proof that the log only grew between two checkpoints", consistencyParams, answer(s.getConsistency)},
		{"GET", "/api/v1/key", people | keys, 200, "getVerifierKey", "The key that checkpoints are signed for", nil, answer(s.getVerifierKey)},

		{"GET", tenant + "/access", admins, 200, "listAccess", "Who read, exported and administered the log, newest first", trailParams, answer(s.listAccess)},
		{"GET", tenant + "/access/checkpoint", admins, 200, "getAccessCheckpoint", "The signed head of the tree of what listAccess lists", nil, plain(s.sendAccessCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/access/{id}", admins, 200, "getAccess", "One of what listAccess lists, with its proof", nil, answer(s.getAccess)},
		{"GET", "/api/v1/access", byOwner, 200, "listServerAccess", "The same of what is of no tenant", trailParams, answer(s.listServerAccess)},
		{"GET", "/api/v1/access/{id}", byOwner, 200, "getServerAccess", "One of what listServerAccess lists, with its proof", nil, answer(s.getServerAccess)},

		{"GET", tenant + "/status", admins, 200, "getStatus", "How much the tenant's log holds, and whether its index is ready", nil, answer(s.getStatus)},
		{"GET", "/api/v1/system", byOwner, 200, "getSystem", "How much the whole log holds, what runs, and when it was last backed up", nil, answer(s.getSystem)},

		{"GET", tenant + "/retention", admins, 200, "getRetention", "What is kept, what is held, and what was deleted when", retentionParams, answer(s.getRetention)},
		{"POST", tenant + "/holds", admins, 201, "addHold", "Put a legal hold on days, none of which is deleted while it stands", nil, answer(s.addHold)},
		{"DELETE", tenant + "/holds/{id}", byOwner, 200, "liftHold", "Lift a legal hold", nil, answer(s.liftHold)},
		{"GET", "/api/v1/backup", byOwner, 200, "getBackup", "The backup, streamed", nil, plain(s.sendBackup, describeBackup)},
		{"GET", tenants, byOwner, 200, "listTenants", "All tenants", nil, answer(s.listTenants)},
		{"POST", tenants, byOwner, 201, "addTenant", "Make a tenant", nil, answer(s.addTenant)},
		{"PATCH", tenant, byOwner, 200, "changeTenant", "Change settings of a tenant; what is left out stays", nil, answer(s.changeTenant)},
		{"GET", accounts, admins, 200, "listAccounts", "The accounts that the caller administers", accountParams, answer(s.listAccounts)},
		{"POST", accounts, admins, 201, "addAccount", "Make an account", nil, answer(s.addAccount)},
		{"PATCH", accounts + "/{username}", admins, 200, "changeAccount", "Change an account; what is left out stays", nil, answer(s.changeAccount)},
		{"GET", tenant + "/keys", admins, 200, "listKeys", "The tenant's API keys, revoked ones too", nil, answer(s.listKeys)},
		{"POST", tenant + "/keys", admins, 201, "addKey", "Make an API key", nil, answer(s.addKey)},
		{"DELETE", tenant + "/keys/{id}", admins, 204, "revokeKey", "End an API key at once", nil, answer(s.revokeKey)},
	}
}

// addPlainRoutes adds what is not of the API, and last what no route took.
func (s *Server) addPlainRoutes() {
	s.app.Get("/api/v1/openapi.json", s.sendOpenAPI)
	s.app.Get("/healthz", s.healthz)
	s.app.Get("/readyz", s.readyz)
	s.app.Get("/metrics", s.sendMetrics)
	s.app.Use("/api", s.refuseUnknown)
	if s.host != nil {
		s.app.Get("/host", adaptor.HTTPHandler(s.host))
		s.app.Get("/host/*", adaptor.HTTPHandler(s.host))
	}
	s.app.Get("/*", s.sendConsole)
}

// route is one call of the API.
type route struct {
	method, path string
	who          access
	status       int // of success
	id, summary  string
	params       []*huma.Param // of the query; all others are refused
	add          func(*Server, *route)
}
