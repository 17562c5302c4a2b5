package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"oplog/doctor"
	"oplog/identity"
	"oplog/identity/sources"
	"oplog/node"
	"oplog/oplog"
)

type identityCommand struct {
	Test identityTest `cmd:"" help:"Show what directories and identity providers say of a person, and what the rules of the configuration file give. Nothing changes."`
}

type identityTest struct {
	logFlags
	Source   string `placeholder:"NAME" help:"Ask only this source."`
	Username string `arg:"" help:"Username of the person, or SOURCE/USERNAME."`
}

// Run asks the sources and prints what they say.
func (c *identityTest) Run(ctx context.Context, m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		s, err := m.sourcesOf(l)
		if err != nil {
			return err
		}
		if len(s.List()) == 0 {
			return errNoSources
		}
		previews, err := s.Preview(ctx, c.Source, c.Username)
		if err != nil {
			return err
		}
		var asked string // the directory that signs the person in
		for i := range previews {
			p := &previews[i]
			m.printPreview(p)
			if p.Source.Kind == sources.KindLDAP && p.Person != nil && asked == "" {
				asked = p.Source.Name
			}
		}
		return m.printOrder(l, c.Username, asked)
	})
}

// sourcesOf returns the sources of the server that the command runs in, or else of the configuration file.
func (m *Program) sourcesOf(l *node.Node) (*sources.Sources, error) {
	if m.running != nil {
		return m.running.sources, nil
	}
	config, err := m.sourcesConfig()
	return sources.New(config.Open(m.Now), config.Rules, l.Identity, l.Trail, l.Place, m.Now), err
}

// askTime is how long all sources together have to answer.
const askTime = 4 * time.Second

// askSources asks whether the sources of the configuration file answer.
func (m *Program) askSources() (found []doctor.Source) {
	config, err := m.sourcesConfig()
	if err != nil {
		return []doctor.Source{{Name: m.config.path, Error: err.Error()}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	list := config.Open(m.Now)
	found = make([]doctor.Source, len(list))
	var asked sync.WaitGroup
	for i := range list {
		asked.Go(func() {
			found[i].Name = list[i].Name
			if err := list[i].Check(ctx); err != nil {
				found[i].Error = err.Error()
			}
		})
	}
	asked.Wait()
	return found
}

// printOrder tells who goes first of those with the same name.
func (m *Program) printOrder(l *node.Node, username, asked string) error {
	if strings.Contains(username, "/") {
		return nil
	}
	a, err := l.Identity.SignInAccount(username)
	switch {
	case err == nil && !a.Disabled:
		fmt.Fprintf(m.Stdout, "\nThere is a local account %s, too: with its password, that is signed in.\n", visible(a.Username))
	case oplog.CodeOf(err) != oplog.CodeNotFound && err != nil:
		return err
	case asked != "":
		fmt.Fprintf(m.Stdout, "\nOf the directories, %s is the first that knows the name.\n", asked)
	}
	return nil
}

// refusedWords says why somebody cannot sign in, by the reason in the trail.
var refusedWords = map[string]string{
	sources.WhyNoRule:     "no rule fits",
	sources.WhyDisabled:   "the account here is disabled",
	sources.WhyOffThere:   "the source has disabled the person",
	sources.WhyImpossible: "the rule gives what does not exist here: look at its tenant and organization",
}

// printPreview prints what a source says of somebody.
func (m *Program) printPreview(p *sources.Preview) {
	fmt.Fprintf(m.Stdout, "%s (%s)\n", p.Source.Name, visible(p.Source.Title))
	switch {
	case oplog.CodeOf(p.Err) == oplog.CodeNotFound && (p.Source.Kind == sources.KindOIDC || !p.Source.Directory.Looks()):
		fmt.Fprintln(m.Stdout, "  Nobody of this name has signed in yet, and the source can be asked only when the person signs in.")
		return
	case p.Err != nil:
		fmt.Fprintln(m.Stdout, "  "+visible(p.Err.Error()))
		return
	}
	say := func(what, text string) { fmt.Fprintf(m.Stdout, "  %-14s%s\n", what, visible(text)) }
	say("Username", p.Person.Username)
	say("Name", orDash(p.Person.Name))
	say("Organization", orDash(p.Person.Organization))
	say("Groups", or(first(p.Person.Groups), "-"))
	for _, group := range p.Person.Groups[min(1, len(p.Person.Groups)):] {
		say("", group)
	}
	if !p.SeenAt.IsZero() {
		say("Last said", moment(p.SeenAt))
	}
	for i, f := range p.Fitting {
		what := fmt.Sprintf("Rule %d", f.Number)
		switch {
		case i == 0:
			say(what, "decides: "+given(&f))
		case f.Differs:
			say(what, "fits, too, and would give something else: "+given(&f))
		default:
			say(what, "fits, too, and gives the same")
		}
	}
	if p.Refused != "" {
		say("Signs in", "no: "+or(refusedWords[p.Refused], p.Refused))
		return
	}
	say("Signs in", "as "+p.Source.Name+"/"+identity.ComposeName(p.Person.Username))
}

// given says what a rule gives.
func given(f *sources.Fitting) string {
	return fmt.Sprintf("role %s, tenant %s, organization %s", f.Rule.Role, or(f.Rule.Tenant, "all"), or(f.Organization, "all"))
}

// first returns the first of some texts; "" for none.
func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}
