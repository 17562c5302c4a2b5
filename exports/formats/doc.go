// Package formats writes entries to files: [CSV] and [XLSX] for spreadsheets,
// [NDJSON] for programs. Each is a format that exports of the log can be
// written in, and [Read] reads the entries of such files again. [Verify] checks
// a file against its signed manifest.
package formats
