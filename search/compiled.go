package search

import "oplog/oplog"

// AnalysisVersion changes with the analysed form of texts.
const AnalysisVersion = analysisVersion

// Analyse returns the analysed form of a name and an id, in which the needles of a search are substrings.
func Analyse(name, id string) string { return analyse(name, id) }

// Compile compiles the words of a search. A search without any word is CodeInvalid.
func (x *Index) Compile(m oplog.Match) ([]oplog.WordGroup, error) {
	c, err := x.newMatcher(m)
	if err != nil {
		return nil, err
	}
	groups := make([]oplog.WordGroup, 0, len(c.groups))
	for _, g := range c.groups {
		group := oplog.WordGroup{Not: g.not}
		for _, w := range c.words[g.from:g.to] {
			group.Needles = append(group.Needles, oplog.Needle{Text: w.form, User: w.user, Content: w.content, Modules: w.modules})
		}
		groups = append(groups, group)
	}
	return groups, nil
}
