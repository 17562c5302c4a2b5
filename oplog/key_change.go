package oplog

import "strings"

// KeyChange is the replacement of a log's signing key, as verifiers of one of its trees get it.
type KeyChange struct {
	Statement string       `json:"statement" doc:"A signed note that names the old and the new verifier key, the time, and the root over the heads that all trees had then."`
	Head      *KeyTreeHead `json:"head,omitempty" doc:"The head that this tree had then; omitted if it did not exist, or if the statement is given for no tree."`
}

// Replaced returns the verifier key that was replaced: the third line of the statement.
func (c KeyChange) Replaced() string {
	lines := strings.SplitN(c.Statement, "\n", 4)
	if len(lines) < 4 {
		return ""
	}
	return lines[2]
}

// KeyTreeHead is the head of a tree at the time of a key change, with the proof that the statement covers it.
type KeyTreeHead struct {
	Leaf  []byte   `json:"leaf" doc:"Four lines, in base64: origin, size and root of the tree, and a random value that hides them from others."`
	Index uint64   `json:"index" doc:"Number of the leaf, from 0."`
	Path  [][]byte `json:"path" doc:"Hashes from the leaf to the root in the statement (RFC 6962), in base64."`
}

// KeyHistory is a log's verifier key, with how it replaced earlier ones.
type KeyHistory struct {
	Key     string      `json:"key" doc:"The current verifier key, in the format of golang.org/x/mod/sumdb/note."`
	Changes []KeyChange `json:"changes" doc:"How earlier keys were replaced, oldest first."`
}
