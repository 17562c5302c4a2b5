package cli

import (
	"errors"
	"fmt"
	"strings"

	"oplog/oplog"
)

// filterFlags are the filters of an export, named as in URLs and requests.
type filterFlags struct {
	Search string     `name:"q" placeholder:"WORDS" help:"Only operations with these words in user, module or content; a hyphen before a word excludes its matches."`
	Only   valueFlags `embed:"" group:"Only operations of (each may repeat: any of them)"`
	Not    valueFlags `embed:"" prefix:"not-" group:"No operations of (each may repeat: none of them)"`
}

// valueFlags are [oplog.Values]. Values may contain commas.
type valueFlags struct {
	Users         []string `name:"user" sep:"none" placeholder:"ID" help:"Users."`
	Modules       []string `name:"module" sep:"none" placeholder:"KEY" help:"Modules."`
	Operations    []string `name:"operation" sep:"none" placeholder:"KEY" help:"Operation types."`
	Organizations []string `name:"organization" sep:"none" placeholder:"ID" help:"Organizations, each including those below it."`
	ContentIDs    []string `name:"content-id" sep:"none" placeholder:"ID" help:"Contents."`
	Outcomes      []string `name:"outcome" sep:"none" placeholder:"OUTCOME" help:"Outcomes: success or failure."`
	Roles         []string `name:"role" sep:"none" placeholder:"ROLE" help:"Recorded roles of users."`
	IPs           []string `name:"ip" sep:"none" placeholder:"IP" help:"IP addresses, and networks such as 192.0.2.0/24."`
	Keys          []string `name:"api-key" sep:"none" placeholder:"ID" help:"Ids of the API keys that recorded them."`
}

// check validates the filters before anything is opened.
func (f *filterFlags) check() error {
	filters := f.filters()
	err := filters.Validate()
	var errs *oplog.Error
	if errors.As(err, &errs) {
		first := errs.Fields[0]
		return fmt.Errorf("--%s %v %s", strings.ReplaceAll(first.Field, "_", "-"), first.Value, first.Message)
	}
	return err
}

func (f *filterFlags) filters() oplog.Filters {
	return oplog.Filters{Search: f.Search, Values: oplog.Values(f.Only), Not: oplog.Values(f.Not)}
}
