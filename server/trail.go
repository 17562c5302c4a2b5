package server

import (
	"context"
	"maps"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// trailEvent is how an operation is recorded in the trail.
type trailEvent struct {
	module, operation string
	deduplicate       bool // one entry a minute is enough for equal events of a session
}

// trailEvents are the operations recorded in the trail once they succeed, by the route's id. The others disclose nothing of a log, or
// record entries, which are evident from the log.
var trailEvents = map[string]trailEvent{
	"listEntries":                {"log", "search", true},
	"getSummary":                 {"log", "search", true},
	"live":                       {"log", "search", true},
	"getEntry":                   {"log", "open", true},
	"getConsistency":             {"log", "prove", true},
	"startExport":                {"export", "start", false},
	"removeExport":               {"export", "remove", false},
	"getExportFile":              {"export", "download", true},
	"getExportBundle":            {"export", "download", true},
	"getExportManifest":          {"export", "download", true},
	"getBackup":                  {"backup", "download", false},
	"startBackup":                {"backup", "start", false},
	"addJoinToken":               {"server", "add_join_token", false},
	"transferLeadership":         {"server", "transfer", false},
	"removeNode":                 {"server", "remove_node", false},
	"listAccess":                 {"access", "search", true},
	"getAccess":                  {"access", "open", true},
	"getAccessConsistency":       {"access", "prove", true},
	"getServerAccessConsistency": {"access", "prove", true},
	"listServerAccess":           {"access", "search", true},
	"getServerAccess":            {"access", "open", true},
	"setUp":                      {"session", "sign_in", false},
	"signIn":                     {"session", "sign_in", false},
	finishProvider:               {"session", "sign_in", false},
	"endProvider":                {"session", "end", false},
	"launch":                     {"session", "launch", false},
	"continueLaunch":             {"session", "launch", false},
	"endLaunched":                {"session", "end", false},
	"signOut":                    {"session", "sign_out", false},
	"endSessions":                {"session", "sign_out", false},
	"confirm":                    {"session", "confirm", false},
	"beginView":                  {"session", "view_as", false},
	"endView":                    {"session", "end_view", false},
	"addView":                    {"view", "create", false},
	"changeView":                 {"view", "change", false},
	"removeView":                 {"view", "remove", false},
	"addAccount":                 {"account", "create", false},
	"changeAccount":              {"account", "change", false},
	"closeAccount":               {"account", "close", false},
	"changeSession":              {"session", "change_password", false},
	"finishSignIn":               {"session", "sign_in", false},
	"confirmTOTP":                {"session", "add_factor", false},
	"removeTOTP":                 {"session", "remove_factor", false},
	"addPasskey":                 {"session", "add_factor", false},
	"removePasskey":              {"session", "remove_factor", false},
	"renewRecoveryCodes":         {"session", "renew_recovery_codes", false},
	"removeSecondFactor":         {"account", "remove_factor", false},
	"setSecondFactorRule":        {"account", "require_factor", false},
	"endAccountSessions":         {"account", "sign_out", false},
	"unlockAccount":              {"account", "unlock", false},
	"addKey":                     {"key", "create", false},
	"revokeKey":                  {"key", "revoke", false},
	"addTenant":                  {"tenant", "create", false},
	"changeTenant":               {"tenant", "change", false},
	"removeTenant":               {"tenant", "remove", false},
	"exportTenant":               {"tenant", "export", false},
	"addHold":                    {"retention", "hold", false},
	"liftHold":                   {"retention", "lift", false},
	"agreeToDeletion":            {"retention", "agree", false},
	"setCatalog":                 {"catalog", "change", false},
	"setOrganizations":           {"organization", "change", false},
}

// trailDetails are what a handler adds to its trail event.
type trailDetails struct {
	tenant  *string // whose trail; nil for the tenant of the URL, or of the account
	object  oplog.Ref
	details map[string]any
	opened  oplog.Entry
	rows    int  // of a page
	quiet   bool // not worth an entry after all
}

// recordInTrail adds an operation to the trail, unless that was told of it as part of the change, and returns once it is on disk: nothing is
// answered that a crash could hide.
func (s *Server) recordInTrail(in *call) {
	if _, recorded := trailEvents[in.route.id]; !recorded || in.trailDetails.quiet || in.audit.IsCommitted() {
		return
	}
	s.trail.Add(s.trailEvent(in))
	s.trail.Sync()
}

// trailEvent returns the event of a call.
func (s *Server) trailEvent(in *call) trail.Event {
	id := in.route.id
	d := trailEvents[id]
	v := trail.Event{
		Tenant: in.who().Tenant, User: in.user(), Module: d.module, Operation: d.operation, Object: in.trailDetails.object,
		IP: in.ip(), UserAgent: in.http.Get(fiber.HeaderUserAgent), Details: in.trailDetails.details, Deduplicate: d.deduplicate, Source: in.token + in.viewed(),
	}
	if in.tenant.ID != "" {
		v.Tenant = in.tenant.ID
	}
	if in.trailDetails.tenant != nil {
		v.Tenant = *in.trailDetails.tenant
	}
	if id := in.http.Params("id"); id != "" && v.Object.ID == "" {
		v.Object.ID = id
	}
	if v.Details == nil {
		v.Details = in.filtersSent()
	}
	if viewed := in.viewed(); viewed != "" && v.Object.ID != viewed {
		v.Details = maps.Clone(v.Details)
		if v.Details == nil {
			v.Details = map[string]any{}
		}
		v.Details["viewing_as"] = viewed
	}
	if id == "getExportFile" || id == "getExportBundle" {
		v.Distinct = in.http.Get(fiber.HeaderRange) == "" // partial downloads and the manifest belong to the earlier download
	}
	if kind := readingKinds[id]; kind != "" {
		v.Action, v.Reading = in.act(), in.reading(kind)
	} else if deliveries[id] {
		v.Action = in.act()
	}
	return v
}

// filtersSent returns the query as it was sent, without what only turns pages.
func (in *call) filtersSent() map[string]any {
	sent := map[string][]string{}
	for name, values := range in.query {
		if !turnsPages(name) {
			sent[name] = values
		}
	}
	if len(sent) == 0 {
		return nil
	}
	return map[string]any{"filters": sent}
}

// user returns the user for trail entries.
func (p *principal) user() oplog.User {
	if p.key.ID != "" {
		return oplog.User{ID: p.key.ID, Name: p.key.Name, Role: "key"}
	}
	a := p.who()
	name := a.Name
	if name == "" {
		name = a.Username
	}
	if a.Launched {
		name += " (" + a.Person() + ")"
	}
	return oplog.User{ID: a.Person(), Name: name, Role: string(a.Role)}
}

// trailParams are the parameters of a page of the access log.
var trailParams = append([]*huma.Param{
	wire.TextParam("q", "Words separated by spaces, all of which must match, each in any of user, module, object and filters. "+searchFormDoc,
		&huma.Schema{Type: huma.TypeString}),
	wire.ListParam("user", "Ids of users (usernames of accounts, ids of keys); any of them."),
	wire.ListParam("module", "Modules, such as account; any of them."),
	wire.ListParam("operation", "Operations, such as create, or qualified by the module, account.create; any of them."),
	wire.ListParam("content_id", "Ids of the affected objects; any of them."),
	wire.TextParam("from", "Events at or after this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
	wire.TextParam("to", "Events before this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
	wire.TextParam("range", "A period of whole days in the tenant's time zone (without a tenant, the machine's); the last N days include today, weeks start on Monday; from and to narrow it.",
		&huma.Schema{Type: huma.TypeString, Enum: presets}),
}, pagingParams...)

func (s *Server) listAccess(ctx context.Context, in *call, _ *struct{}) (*pageOutput, error) {
	return s.trailPage(ctx, in, in.tenant.ID)
}

// listServerAccess lists events without a tenant: of owners, and of unknown usernames.
func (s *Server) listServerAccess(ctx context.Context, in *call, _ *struct{}) (*pageOutput, error) {
	return s.trailPage(ctx, in, "")
}

func (s *Server) trailPage(ctx context.Context, in *call, tenant string) (*pageOutput, error) {
	r := wire.ReadQuery(in.query)
	q := oplog.Query{
		Filters: oplog.Filters{Search: r.Text("q"), Values: oplog.Values{
			Users: r.List("user"), Modules: r.List("module"), Operations: r.List("operation"), ContentIDs: r.List("content_id"),
		}},
		Range: in.preset(r), From: r.Time("from"), To: r.Time("to"),
	}
	limit, cursor := r.Int("limit", oplog.DefaultPageSize), r.Text("cursor")
	if err := r.Err(); err != nil {
		return nil, err
	}
	page, err := s.trail.Page(ctx, tenant, q, limit, cursor)
	in.trailDetails.rows = len(page.Entries)
	return &pageOutput{newPageBody(page)}, err
}

func (s *Server) getAccess(_ context.Context, in *call, input *entryInput) (*entryOutput, error) {
	return s.trailEntry(in.tenant.ID, input.ID)
}

func (s *Server) getServerAccess(_ context.Context, _ *call, input *entryInput) (*entryOutput, error) {
	return s.trailEntry("", input.ID)
}

func (s *Server) trailEntry(tenant, id string) (*entryOutput, error) {
	entry, err := s.trail.Entry(tenant, id)
	if err != nil {
		return nil, err
	}
	proof, err := s.prove(entry)
	return &entryOutput{provenEntry{entry, proof}}, err
}

// sendAccessCheckpoint sends the signed head of the tenant's trail, or of the installation's.
func (s *Server) sendAccessCheckpoint(c *fiber.Ctx, in *call) error {
	checkpoint, err := s.trail.Checkpoint(in.tenant.ID)
	if err == nil && s.witnesses != nil {
		checkpoint, err = s.witnesses.Checkpoint(c.Context(), oplog.TrailName(in.tenant.ID))
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.SendString(checkpoint)
}
