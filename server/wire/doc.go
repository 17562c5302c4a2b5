// Package wire parses requests and encodes responses: bodies within limits, queries, JSON, problem documents, compression, and pages shown
// instead of the console. It knows no routes, callers or services.
package wire
