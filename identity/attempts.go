package identity

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Attempts says when all attempts with the name of an account are regained: of those from all addresses together, and of those in single places in
// which it was locked. Of several nodes, the one that leads counts them in memory; this is for the one that leads next, and for what others show.
type Attempts struct {
	Names  time.Time            `json:"names,omitzero"`   // to sign in
	Codes  time.Time            `json:"codes,omitzero"`   // with codes of the second factor
	Places map[string]PlaceLock `json:"places,omitempty"` // by PlaceKey, at most maxPlaces
}

// PlaceLock is a lock of an account in one place: from an address, or on a browser.
type PlaceLock struct {
	Until    time.Time `json:"until"`    // another attempt is allowed
	Regained time.Time `json:"regained"` // all are
}

// maxPlaces limits the places of a record to those that were locked last. With fewer the name is locked for all addresses.
const maxPlaces = 64

// PlaceKey returns the key of a place in Attempts.
func PlaceKey(place string) string { return hashOf(place)[:32] }

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
		task := attemptsName(username) // of the same places: each of these is stored
		for _, place := range slices.Sorted(maps.Keys(a.Places)) {
			task += " " + place
		}
		i.background.Once(task, func() {
			faults.Report("storing that attempts to sign in are spent", i.noteAttempts(username, a))
		})
	}
}

func (i *Identity) noteAttempts(username string, a Attempts) error {
	before, err := i.Attempts(username)
	if err != nil || !a.muchLater(before) {
		return err
	}
	if err := records.Mend[Attempts](i.records, oplog.RecordServer, attemptsName(username), nil); err != nil {
		return err
	}
	_, err = records.Change(i.records, oplog.RecordServer, attemptsName(username), func(stored *Attempts, _ bool) (bool, error) {
		stored.add(a, i.now())
		return false, nil
	})
	return err
}

// muchLater reports whether attempts are regained so much later than others that this has to be stored.
func (a *Attempts) muchLater(before Attempts) bool {
	is := func(t, before time.Time) bool { return !t.Before(before.Add(attemptsSaved)) }
	for place, lock := range a.Places {
		if is(lock.Regained, before.Places[place].Regained) {
			return true
		}
	}
	return is(a.Names, before.Names) || is(a.Codes, before.Codes)
}

// add adds other attempts, and drops the places where all are regained, and those that are too many.
func (a *Attempts) add(others Attempts, now time.Time) {
	a.Names, a.Codes = later(a.Names, others.Names), later(a.Codes, others.Codes)
	if a.Places == nil {
		a.Places = make(map[string]PlaceLock)
	}
	for place, lock := range others.Places {
		before := a.Places[place]
		a.Places[place] = PlaceLock{later(before.Until, lock.Until), later(before.Regained, lock.Regained)}
	}
	maps.DeleteFunc(a.Places, func(_ string, lock PlaceLock) bool { return now.After(lock.Regained) })
	byTime := slices.SortedFunc(maps.Keys(a.Places), func(x, y string) int { return a.Places[y].Regained.Compare(a.Places[x].Regained) })
	for _, place := range byTime[min(len(byTime), maxPlaces):] {
		delete(a.Places, place)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b.UTC()
	}
	return a
}

// regained reports whether all attempts are.
func (a *Attempts) regained(now time.Time) bool {
	for _, lock := range a.Places {
		if !now.After(lock.Regained) {
			return false
		}
	}
	return now.After(a.Names) && now.After(a.Codes)
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
		if _ = json.Unmarshal(r.Data, &a); a.regained(now) {
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
