package server

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
)

// Sets of callers; see access. What cannot be undone has confirmed beside them, or confirmedIf if that depends on the request. Viewers are the users that can see a tenant; members cannot.
const (
	users   = byOwner | byAdmin | byScopedAdmin | byAuditor | byMember
	readers = byOwner | byAdmin | byScopedAdmin | byAuditor | byReadKey
	viewers = byOwner | byAdmin | byScopedAdmin | byAuditor
	admins  = byOwner | byAdmin // of a whole tenant
	keys    = byWriteKey | byReadKey | byLaunchKey | byDirectoryKey | byMetricsKey | byBackupKey
)

// routes is the table of all operations of the API.
func (s *Server) routes() []route {
	const (
		setup    = "/api/v1/setup"
		session  = "/api/v1/session"
		confirm  = session + "/confirm"
		factor   = session + "/second-factor"
		sessions = "/api/v1/sessions"
		accounts = accountsPath
		account  = accounts + "/{username}"
		tenants  = "/api/v1/tenants"
		tenant   = tenants + "/{tenant}"
		export   = tenant + "/exports/{id}"
		view     = tenant + "/views/{id}"
		backups  = "/api/v1/system/backups"
		nodes    = "/api/v1/cluster"
	)
	return []route{
		{"GET", "/api/v1/status", anyone, 200, "getServerStatus", "Whether the log is read-only at present", nil, typed(s.getServerStatus)},
		{"GET", setup, anyone, 200, "getSetup", "Whether there is no account yet", nil, typed(s.getSetup)},
		{"POST", setup, anyone, 201, "setUp", "Create the first owner and tenant, while there is no account", nil, typed(s.setUp)},
		{"POST", session, anyone, 200, "signIn", "Sign in", nil, typed(s.signIn)},
		{"GET", session + "/providers", anyone, 200, "listProviders", "The directories and identity providers that sign people in", nil, typed(s.listProviders)},
		{"GET", providerRoot + "{name}", anyone, 302, "beginProvider", "Begin a sign-in at an identity provider", beginParams, raw(s.beginProvider, describeBeginProvider)},
		{"GET", providerRoot + "{name}/callback", anyone, 302, finishProvider, "End a sign-in at an identity provider", nil, raw(s.finishProvider, describeFinishProvider)},
		{"POST", providerRoot + "{name}/logout", anyone, 200, "endProvider", "End the sessions that an identity provider has ended", nil, raw(s.endProvider, describeEndProvider)},
		{"GET", "/api/v1/identity", byOwner, 200, "getIdentity", "The sources by which people sign in, whether they answer, and the rules", nil, typed(s.getIdentity)},
		{"GET", "/api/v1/identity/preview", byOwner, 200, "previewIdentity", "What the sources say of a person, and what the rules would give", previewParams, typed(s.previewIdentity)},
		{"GET", "/launch", anyone, 302, "launch", "Sign in a user authenticated by the host system", launchParams, raw(s.launch, describeLaunch)},
		{"POST", "/launch", anyone, 303, "continueLaunch", "Sign in a user authenticated by the host system in place of the signed-in one", nil, raw(s.continueLaunch, describeContinueLaunch)},
		{"DELETE", tenant + "/launched/{sub}", byLaunchKey, 204, "endLaunched", "End the sessions of a user of the host system", nil, typed(s.endLaunched)},
		{"GET", session, users, 200, "getSession", "The signed-in user", listParams(maxItems), typed(s.getSession)},
		{"PATCH", session, users, 200, "changeSession", "Change the account's language or its password", nil, typed(s.changeSession)},
		{"DELETE", session, users | evenViewing, 200, "signOut", "Sign out (204); 200 if the browser is to sign out of an identity provider, too", nil, typed(s.signOut)},
		{"GET", confirm, users, 200, "getConfirmation", "How the caller can confirm who it is, before something that cannot be undone", nil, typed(s.getConfirmation)},
		{"POST", confirm, users, 200, "confirm", "Confirm who the caller is, for five minutes of this session", nil, typed(s.confirm)},
		{"POST", session + "/view-as", admins, 200, "beginView", "See the log as the person of an account does; nothing can be changed meanwhile", nil, typed(s.beginView)},
		{"DELETE", session + "/view-as", users | evenViewing, 200, "endView", "See the log as oneself again", nil, typed(s.endView)},
		{"POST", factor, users, 200, "finishSignIn", "Complete a sign-in with the second factor", nil, typed(s.finishSignIn)},
		{"GET", factor, users, 200, "getSecondFactor", "The caller's second factors", nil, typed(s.getSecondFactor)},
		{"POST", factor + "/totp", users, 200, "beginTOTP", "A secret for an authenticator app", nil, typed(s.beginTOTP)},
		{"PUT", factor + "/totp", users, 200, "confirmTOTP", "Add the authenticator app, in place of an earlier one, by its first code", nil, typed(s.confirmTOTP)},
		{"DELETE", factor + "/totp", users, 204, "removeTOTP", "Remove the authenticator app", nil, typed(s.removeTOTP)},
		{"POST", factor + "/recovery-codes", users, 200, "renewRecoveryCodes", "Replace the recovery codes", nil, typed(s.renewRecoveryCodes)},
		{"POST", factor + "/passkeys/options", users, 200, "beginPasskey", "What a browser needs to make a passkey", nil, typed(s.beginPasskey)},
		{"POST", factor + "/passkeys", users, 201, "addPasskey", "Add a passkey", nil, typed(s.addPasskey)},
		{"DELETE", factor + "/passkeys/{id}", users, 204, "removePasskey", "Remove a passkey", nil, typed(s.removePasskey)},
		{"POST", factor + "/passkeys/assertion", users, 200, "beginAssertion", "What a browser needs to complete a sign-in with a passkey", nil, typed(s.beginAssertion)},
		{"GET", sessions, users, 200, "listSessions", "The caller's sessions, newest first", listParams(maxItems), typed(s.listSessions)},
		{"DELETE", sessions, users | evenViewing, 204, "endSessions", "Sign out everywhere", nil, typed(s.endSessions)},

		{"POST", tenant + "/entries", byWriteKey, 201, "recordEntries", "Record operations, all or none", nil, raw(s.recordEntries, describeIngest)},
		{"GET", tenant + "/entries", readers, 200, "listEntries", "A page of operations, newest first or in order of arrival", pageParams, typed(s.listEntries)},
		{"GET", tenant + "/entries/{id}", readers, 200, "getEntry", "One operation, with its proof; 410 if it was deleted under the retention rule", entryParams, typed(s.getEntry)},
		{"GET", tenant + "/summary", readers, 200, "getSummary", "Counts over time and by value", filterParams, typed(s.getSummary)},
		{"GET", tenant + "/live", readers, 200, "live", "Each new operation as it is recorded", liveParams, raw(s.stream, describeLive)},

		{"GET", tenant + "/catalog", viewers | keys, 200, "getCatalog", "The modules and their operation types", listParams(maxCatalogListed), typed(s.getCatalog)},
		{"PUT", tenant + "/catalog", admins, 200, "setCatalog", "Replace the tenant's additions to the built-in catalog; omitted items that were used stay, retired", nil, typed(s.setCatalog)},
		{"GET", tenant + "/organizations", viewers, 200, "getOrganizations", "The organization tree", organizationsParams, typed(s.getOrganizations)},
		{"PUT", tenant + "/organizations", admins | byDirectoryKey, 200, "setOrganizations", "Replace the organization tree", nil, raw(s.setOrganizations, describeOrganizations)},

		{"POST", tenant + "/exports", readers, 202, "startExport", "Start an export", nil, typed(s.startExport)},
		{"GET", tenant + "/exports", readers, 200, "listExports", "The exports, newest first", listParams(maxItems), typed(s.listExports)},
		{"GET", export, readers, 200, "getExport", "The status of an export", nil, typed(s.getExport)},
		{"DELETE", export, readers, 200, "removeExport", "Cancel a running export (200), or delete a finished one (204)", nil, typed(s.removeExport)},
		{"GET", export + "/file", readers | neverViewing, 200, "getExportFile", "The file of an export", nil, raw(s.sendExportFile, describeExportFile)},
		{"GET", export + "/bundle", readers | neverViewing, 200, "getExportBundle", "A ZIP of an export with everything needed to verify it", actParams, raw(s.sendExportBundle, describeExportBundle)},
		{"GET", export + "/manifest", readers | neverViewing, 200, "getExportManifest", "The signed manifest of an export", nil, raw(s.sendExportManifest, describeExportManifest)},

		{"GET", tenant + "/views", viewers, 200, "listViews", "The caller's saved views and the shared ones, by name", listParams(maxItems), typed(s.listViews)},
		{"POST", tenant + "/views", viewers, 201, "addView", "Save a view", nil, typed(s.addView)},
		{"PATCH", view, viewers, 200, "changeView", "Change a view; omitted fields stay unchanged", nil, typed(s.changeView)},
		{"DELETE", view, viewers, 204, "removeView", "Delete a view", nil, typed(s.removeView)},

		{"GET", tenant + "/checkpoint", readers, 200, "getCheckpoint", "The signed head of the tenant's tree", nil, raw(s.sendCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/checkpoint/consistency", readers, 200, "getConsistency", "The proof that the log only grew between two checkpoints", consistencyParams, typed(s.getConsistency)},
		{"GET", tenant + "/checkpoint/keys", readers, 200, "getKeyChanges", "The key that verifies checkpoints, with how it replaced earlier ones", nil, typed(s.getKeyChanges)},
		{"GET", "/api/v1/key", users | keys, 200, "getVerifierKey", "The key that verifies checkpoints", nil, typed(s.getVerifierKey)},

		{"GET", tenant + "/access", admins, 200, "listAccess", "Who read, exported and administered the log, newest first", trailParams, typed(s.listAccess)},
		{"GET", tenant + "/access/checkpoint", admins, 200, "getAccessCheckpoint", "The signed head of the access log's tree", nil, raw(s.sendAccessCheckpoint, describeCheckpoint)},
		{"GET", tenant + "/access/checkpoint/consistency", admins, 200, "getAccessConsistency", "The proof that the access log only grew between two checkpoints", consistencyParams, typed(s.getAccessConsistency)},
		{"GET", tenant + "/access/{id}", admins, 200, "getAccess", "One entry of the access log, with its proof", nil, typed(s.getAccess)},
		{"GET", "/api/v1/access", byOwner, 200, "listServerAccess", "Events that belong to no tenant, newest first", trailParams, typed(s.listServerAccess)},
		{"GET", "/api/v1/access/checkpoint", byOwner, 200, "getServerAccessCheckpoint", "The signed head of the tree of events that belong to no tenant", nil, raw(s.sendAccessCheckpoint, describeCheckpoint)},
		{"GET", "/api/v1/access/checkpoint/consistency", byOwner, 200, "getServerAccessConsistency", "The proof that these events only grew between two checkpoints", consistencyParams, typed(s.getAccessConsistency)},
		{"GET", "/api/v1/access/{id}", byOwner, 200, "getServerAccess", "One event that belongs to no tenant, with its proof", nil, typed(s.getServerAccess)},

		{"GET", tenant + "/status", admins, 200, "getStatus", "The size of the tenant's log and the state of its index", nil, typed(s.getStatus)},
		{"GET", "/api/v1/system", byOwner, 200, "getSystem", "The size of the whole log, the version, and the last backup", nil, typed(s.getSystem)},

		{"GET", "/api/v1/system/checks", byOwner, 200, "listChecks", "What the checks of the machine, files and settings find, and what to do", nil, typed(s.listChecks)},
		{"GET", backups, byOwner, 200, "listBackups", "The scheduled backups, and which of them were proved restorable", nil, typed(s.listBackups)},
		{"POST", backups, byOwner, 202, "startBackup", "Make a backup now, and prove it", nil, typed(s.startBackup)},

		{"GET", "/api/v1/system/archive", byOwner, 200, "getArchive", "The servers of the archive, and what it has of each tenant", nil, typed(s.getArchive)},
		{"GET", tenant + "/archive", admins, 200, "getTenantArchive", "What the archive has of the tenant", nil, typed(s.getTenantArchive)},

		{"GET", nodes, byOwner, 200, "getCluster", "The nodes that the log is on, and how far each has come", nil, typed(s.getCluster)},
		{"POST", nodes + "/tokens", byOwner, 201, "addJoinToken", "A token with which another node joins, good once and for an hour", nil, typed(s.addJoinToken)},
		{"POST", nodes + "/transfer", byOwner, 204, "transferLeadership", "Let another node lead", nil, typed(s.transferLeadership)},
		{"DELETE", nodes + "/nodes/{id}", byOwner, 204, "removeNode", "Take a node out of the log, for good", nil, typed(s.removeNode)},

		{"GET", tenant + "/retention", admins, 200, "getRetention", "The retention rule, legal holds and deletions", retentionParams, typed(s.getRetention)},
		{"POST", tenant + "/retention/agreement", byOwner | confirmed, 200, "agreeToDeletion", "Agree to a deletion that waits for an owner", nil, typed(s.agreeToDeletion)},
		{"POST", tenant + "/holds", admins, 201, "addHold", "Add a legal hold, which keeps days from being deleted", nil, typed(s.addHold)},
		{"DELETE", tenant + "/holds/{id}", byOwner | confirmed, 200, "liftHold", "Lift a legal hold", nil, typed(s.liftHold)},
		{"GET", "/api/v1/backup", byOwner | byBackupKey | neverViewing, 200, "getBackup", "The backup, streamed", nil, raw(s.sendBackup, describeBackup)},
		{"GET", tenants, byOwner, 200, "listTenants", "All tenants", listParams(maxItems), typed(s.listTenants)},
		{"POST", tenants, byOwner, 201, "addTenant", "Create a tenant", nil, typed(s.addTenant)},
		{"GET", tenant, viewers | keys, 200, "getTenant", "The tenant, as far as its users and programs need to know it", nil, typed(s.getTenant)},
		{"PATCH", tenant, byOwner | confirmedIf, 200, "changeTenant", "Change settings of a tenant; omitted fields stay unchanged", nil, typed(s.changeTenant)},
		{"DELETE", tenant, byOwner | confirmed, 202, "removeTenant", "Remove a tenant with everything that belongs to it, for good; a signed statement stays", nil, typed(s.removeTenant)},
		{"GET", tenant + "/everything", byOwner, 200, "exportTenant", "A ZIP with everything of a tenant, which can be checked without the log", nil, raw(s.sendTenant, describeTenantZIP)},
		{"GET", "/api/v1/removed-tenants", byOwner, 200, "listRemovedTenants", "The removed tenants, with what the log signed of each", listParams(maxItems), typed(s.listRemovedTenants)},
		{"GET", accounts, admins, 200, "listAccounts", "The accounts that the caller can administer", accountParams, typed(s.listAccounts)},
		{"POST", accounts, admins, 201, "addAccount", "Create an account", nil, typed(s.addAccount)},
		{"PATCH", account, admins, 200, "changeAccount", "Change an account; omitted fields stay unchanged", nil, typed(s.changeAccount)},
		{"DELETE", account, admins | confirmed, 200, "closeAccount", "Close an account for good, which ends its sessions and lists the API keys that it made", closeParams, typed(s.closeAccount)},
		{"GET", account + "/keys", admins, 200, "listAccountKeys", "The API keys in use that an account made", listParams(maxItems), typed(s.listAccountKeys)},
		{"GET", account + "/sessions", admins, 200, "listAccountSessions", "The sessions of an account, newest first", listParams(maxItems), typed(s.listAccountSessions)},
		{"DELETE", account + "/sessions", admins, 204, "endAccountSessions", "Sign an account out everywhere", nil, typed(s.endAccountSessions)},
		{"DELETE", account + "/lock", admins, 204, "unlockAccount", "Allow sign-in again after many failed attempts", nil, typed(s.unlockAccount)},
		{"DELETE", account + "/second-factor", admins, 204, "removeSecondFactor", "Remove all second factors of an account, and sign it out everywhere", nil, typed(s.removeSecondFactor)},
		{"GET", "/api/v1/second-factor", byOwner, 200, "getSecondFactorRule", "The roles that must sign in with a second factor", nil, typed(s.getSecondFactorRule)},
		{"PUT", "/api/v1/second-factor", byOwner, 200, "setSecondFactorRule", "Require a second factor of roles", nil, typed(s.setSecondFactorRule)},
		{"GET", tenant + "/keys", admins, 200, "listKeys", "The tenant's API keys, including revoked ones", listParams(maxItems), typed(s.listKeys)},
		{"POST", tenant + "/keys", admins, 201, "addKey", "Create an API key", nil, typed(s.addKey)},
		{"DELETE", tenant + "/keys/{id}", admins, 204, "revokeKey", "Revoke an API key immediately", nil, typed(s.revokeKey)},
	}
}

// addOtherRoutes adds the routes outside the API, and last the handlers of unmatched requests.
func (s *Server) addOtherRoutes() {
	s.app.Get("/api/v1/openapi.json", s.sendOpenAPI)
	s.app.Get("/healthz", s.healthz)
	s.app.Get("/readyz", s.readyz)
	s.app.Get("/metrics", s.sendMetrics)
	s.app.Use("/api", s.notFound)
	if s.host != nil {
		s.app.Get("/host", adaptor.HTTPHandler(s.host))
		s.app.Get("/host/*", adaptor.HTTPHandler(s.host))
	}
	s.app.Get(docsRoot, s.redirectToDocs)
	s.app.Get(docsRoot+"/*", s.sendDocs)
	s.app.Get("/*", s.sendConsole)
}

// route is one operation of the API.
type route struct {
	method, path string
	callers      access
	status       int // of success
	id, summary  string
	params       []*huma.Param // of the query; all others are rejected
	add          func(*Server, *route)
}
