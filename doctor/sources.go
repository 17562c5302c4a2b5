package doctor

// Source is whether a directory or an identity provider answers.
type Source struct {
	Name  string
	Error string // why it cannot be used; "" if it can
}

// sources checks the directories and identity providers by which people sign in.
func (r *round) sources() (found []Finding) {
	if r.Sources == nil {
		return nil
	}
	for _, s := range r.Sources() {
		if s.Error != "" {
			found = append(found, finding("sources-away", "source", s.Name, "error", s.Error))
		} else {
			found = append(found, finding("sources-answer", "source", s.Name))
		}
	}
	return found
}

var ofSources = map[string]kind{
	"sources-answer": {OK, "{source} answers, and signs people in", ""},
	"sources-away":   {Warning, "{source} cannot sign people in: {error}", "Repair it, or its table in the configuration file. Local accounts sign in meanwhile; people of {source} stay signed in for an hour."},
}
