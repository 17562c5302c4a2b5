package identity

import (
	"encoding/json"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Attempts says when all attempts with the name of an account are regained, of those from all addresses together. Of several nodes, the one that
// leads counts them in memory; this is for the one that leads next, and for what others show.
type Attempts struct {
	Names time.Time `json:"names,omitzero"` // to sign in
	Codes time.Time `json:"codes,omitzero"` // with codes of the second factor
}

// attemptsSaved is by how much it must be later to be written again.
const attemptsSaved = time.Minute

const attemptsPrefix = "attempts/"

func attemptsName(username string) string { return attemptsPrefix + hashOf(NameKey(username)) }

// Attempts returns what is stored of the attempts with a name. It is zero for a log on one node, and a damaged record says nothing.
func (i *Identity) Attempts(username string) (Attempts, error) {
	if i.place.Alone() {
		return Attempts{}, nil
	}
	a, err := records.Read[Attempts](i.records, oplog.RecordServer, attemptsName(username))
	if code := oplog.CodeOf(err); code == oplog.CodeNotFound || code == oplog.CodeDamaged {
		return Attempts{}, nil
	}
	return a, err
}

// NoteAttempts stores in the background when all attempts with the name of an account are regained, if that is much later than what is stored: the
// time of an answer must not tell that there is the account.
func (i *Identity) NoteAttempts(username string, a Attempts) {
	if !i.place.Alone() {
		i.background.Once(attemptsName(username), func() {
			faults.Report("storing that attempts to sign in are spent", i.noteAttempts(username, a))
		})
	}
}

func (i *Identity) noteAttempts(username string, a Attempts) error {
	before, err := i.Attempts(username)
	if err != nil || a.Names.Before(before.Names.Add(attemptsSaved)) && a.Codes.Before(before.Codes.Add(attemptsSaved)) {
		return err
	}
	if err := records.Mend[Attempts](i.records, oplog.RecordServer, attemptsName(username), nil); err != nil {
		return err
	}
	_, err = records.Change(i.records, oplog.RecordServer, attemptsName(username), func(stored *Attempts, _ bool) (bool, error) {
		*stored = Attempts{a.Names.UTC(), a.Codes.UTC()}
		return false, nil
	})
	return err
}

// ForgetAttempts removes what is stored of the attempts with a name.
func (i *Identity) ForgetAttempts(username string) error {
	if i.place.Alone() {
		return nil
	}
	return records.Remove(i.records, oplog.RecordServer, attemptsName(username))
}

// clearAttempts removes what says nothing any more.
func (i *common) clearAttempts(now time.Time) {
	if i.place.Alone() {
		return
	}
	var regained []string
	err := records.Each(i.records, oplog.RecordServer, attemptsPrefix, func(r oplog.Record) bool {
		var a Attempts
		if _ = json.Unmarshal(r.Data, &a); now.After(a.Names) && now.After(a.Codes) {
			regained = append(regained, r.Name)
		}
		return true
	})
	for _, name := range regained {
		if err == nil {
			err = records.Remove(i.records, oplog.RecordServer, name)
		}
	}
	if oplog.CodeOf(err) != oplog.CodeDamaged {
		faults.Report("removing spent attempts to sign in", err)
	}
}
