// Package formats writes entries to files: [CSV] and [XLSX] for spreadsheets, [NDJSON] for programs. [Open] reads such files back for
// imports, and [Verify] checks a file against its signed manifest.
package formats
