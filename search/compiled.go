package search

import "oplog/oplog"

// WordGroup is a word of a search, compiled for engines that search analysed texts (see Analyse): an entry has the word if it has each needle. If it
// is excluded, an entry that has all of them does not match.
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

// AnalysisVersion changes with the analysed form of texts.
const AnalysisVersion = analysisVersion

// Analyse returns the analysed form of a name and an id, in which the needles of a search are substrings.
func Analyse(name, id string) string { return analyse(name, id) }

// Compile compiles the words of a search. A search without any word is CodeInvalid.
func (x *Index) Compile(m oplog.Match) ([]WordGroup, error) {
	c, err := x.newMatcher(m)
	if err != nil {
		return nil, err
	}
	groups := make([]WordGroup, 0, len(c.groups))
	for _, g := range c.groups {
		group := WordGroup{Not: g.not}
		for _, w := range c.words[g.from:g.to] {
			group.Needles = append(group.Needles, Needle{Text: w.form, User: w.user, Content: w.content, Modules: w.modules})
		}
		groups = append(groups, group)
	}
	return groups, nil
}
