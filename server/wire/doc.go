// Package wire reads what requests hold and writes what answers say: bodies
// within bounds, queries, JSON, problems, compression, pages for people whom the
// console cannot be shown. It knows no route, no caller and no service.
package wire
