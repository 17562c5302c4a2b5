package server

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// readingKinds are the operations that may be part of a user action.
var readingKinds = map[string]string{
	"getEntry":         trail.ReadOpen,
	"listEntries":      trail.ReadSearch,
	"live":             trail.ReadFollow,
	"getSummary":       trail.ReadCount,
	"getAccess":        trail.ReadOpen,
	"listAccess":       trail.ReadSearch,
	"getServerAccess":  trail.ReadOpen,
	"listServerAccess": trail.ReadSearch,
}

// deliveries are operations that create an export or deliver it: the page calls both for one user action.
var deliveries = map[string]bool{"startExport": true, "getExportBundle": true}

// The console sends the user action that a request is part of: in a header, or in a parameter where browsers cannot send headers: streams
// and downloads.
const (
	actHeader     = "Oplog-Act"
	actParam      = "act"
	purposeHeader = "Oplog-Purpose"
	purposePrint  = "print"
)

const actDoc = "Names the user action, such as one search, that the request is part of: 1 to 64 of A-Z a-z 0-9 - _. " +
	"The access log records the reads of one action in one entry. Without it, and for API keys, each request is recorded separately, equal ones at most once a minute."

const purposeDoc = "“print” for reads that are printed: the access log records them as printed. Requires " + actHeader + "."

// actHeaders documents the header with the user action.
func (r *route) actHeaders() []*huma.Param {
	kind := readingKinds[r.id]
	if kind == "" && !deliveries[r.id] {
		return nil
	}
	params := []*huma.Param{{Name: actHeader, In: "header", Description: actDoc, Schema: &huma.Schema{Type: huma.TypeString}}}
	if kind == trail.ReadOpen || kind == trail.ReadSearch {
		params = append(params, &huma.Param{
			Name: purposeHeader, In: "header", Description: purposeDoc, Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{purposePrint}},
		})
	}
	return params
}

// actParams is the parameter for requests without custom headers.
var actParams = []*huma.Param{
	wire.TextParam(actParam, "The same as "+actHeader+", for browsers, which cannot send custom headers with this request.", &huma.Schema{Type: huma.TypeString}),
}

// act returns the name of the user action; "" for none, and for programs.
func (in *call) act() string {
	name := in.http.Get(actHeader)
	if name == "" {
		name = in.query.Get(actParam)
	}
	odd := func(c rune) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	if in.token == "" || in.key.ID != "" || len(name) > 64 || strings.ContainsFunc(name, odd) {
		return ""
	}
	return name
}

// reading describes what a call read, for its user action.
func (in *call) reading(kind string) trail.Reading {
	read := trail.Reading{Kind: kind, Requested: in.at, ContentID: in.trailDetails.opened.Content.ID, UserID: in.trailDetails.opened.User.ID, Rows: in.trailDetails.rows}
	if in.http.Get(purposeHeader) == purposePrint && (kind == trail.ReadOpen || kind == trail.ReadSearch) {
		read.Kind = trail.ReadPrint
	}
	if kind == trail.ReadOpen {
		return read
	}
	query := wire.ReadQuery(in.query)
	after := in.query.Get("after_seq")
	read.Further = in.query.Get("cursor") != "" || after != "" && after != "0"
	read.Related = !read.Further && query.Int("limit", oplog.DefaultPageSize) <= trail.MaxRelated
	read.Filters = map[string][]string{}
	for name := range in.query {
		if values := query.List(name); len(values) > 0 && !turnsPages(name) {
			read.Filters[name] = values
		}
	}
	return read
}

// turnsPages reports whether a parameter only selects a page.
func turnsPages(name string) bool {
	return name == "cursor" || name == "limit" || name == "after_seq" || name == actParam
}
