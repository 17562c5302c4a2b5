// Package export writes entries to files: [CSV] for spreadsheets, [NDJSON] for
// programs. Each is a format that exports of the log can be written in.
package export
