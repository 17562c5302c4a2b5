package oplog

// WordGroup is a word of a search, compiled for engines that search analysed texts: an entry has the word if it has each needle. If it is excluded, an
// entry that has all of them does not match.
type WordGroup struct {
	Needles []Needle
	Not     bool
}

// Needle is a substring to find in an entry's analysed texts. An entry whose module is listed has it, too.
type Needle struct {
	Text    string
	User    bool // in that of the user
	Content bool // in that of the content
	Modules []string
}
