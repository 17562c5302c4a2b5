package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// The keys of bbolt have no checksums. With one flipped bit in the name of a log, it would seem to be empty, and be begun again; in the name of a
// kind of records, all of that kind would be gone. So the names of all logs and kinds are listed, each with its CRC-32C, in the
// transaction that creates them, and compared with what is there when the store is opened. The list also says whether there is a head file.
//
// Builds that know no list leave it alone: what they create is added when this one opens the store.

var bucketNameList = []byte("names")

func nameOfLog(tenant string) string { return string(bucketTenants) + "/" + tenant }

// listName adds a name to the list, which may be missing; see listNames.
func listName(tx *bolt.Tx, name string) error {
	list, err := tx.CreateBucketIfNotExists(bucketNameList)
	if err != nil {
		return err
	}
	sum := crc32.Checksum([]byte(name), castagnoli)
	return list.Put([]byte(name), binary.BigEndian.AppendUint32(nil, sum))
}

// names is the list compared with what is there.
type names struct {
	exist    bool     // there is a list
	listed   []string // intact names in it
	damaged  []string // other names in it, or that of the list
	lost     []string // listed, and not there
	unlisted []string // there, and not listed
}

func readNames(tx *bolt.Tx) (n names, err error) {
	listed, there := make(map[string]bool), make(map[string]bool)
	list := tx.Bucket(bucketNameList)
	if n.exist = list != nil; n.exist {
		err = list.ForEach(func(name, sum []byte) error {
			if len(sum) != sumSize || binary.BigEndian.Uint32(sum) != crc32.Checksum(name, castagnoli) {
				n.damaged = append(n.damaged, string(name))
				return nil
			}
			n.listed, listed[string(name)] = append(n.listed, string(name)), true
			return nil
		})
	} else {
		err = tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			if isBitApart(name, bucketNameList) || bytes.Equal(name, bucketNameList) { // which is no bucket
				n.damaged = append(n.damaged, string(name))
			}
			return nil
		})
	}
	for _, parent := range [][]byte{bucketRecords, bucketTenants} {
		b := tx.Bucket(parent)
		if b == nil {
			n.lost = append(n.lost, string(parent))
			continue
		}
		err = errors.Join(err, b.ForEachBucket(func(key []byte) error {
			name := string(parent) + "/" + string(key)
			if there[name] = true; !listed[name] {
				n.unlisted = append(n.unlisted, name)
			}
			return nil
		}))
	}
	for _, name := range n.listed {
		if name != headName && !there[name] {
			n.lost = append(n.lost, name)
		}
	}
	return n, err
}

// isBitApart reports whether a name differs from another in one bit.
func isBitApart(name, from []byte) bool {
	if len(name) != len(from) {
		return false
	}
	apart := 0
	for i := range name {
		apart += bits.OnesCount8(name[i] ^ from[i])
	}
	return apart == 1
}

// checkNames returns an error if a name is damaged. A store that is only read may lack logs, and one that is restored may have a damaged list,
// which is made again.
func (db *DB) checkNames(n names, o Options) error {
	if len(n.lost) == 0 && (len(n.damaged) == 0 || o.restoring) {
		return nil
	}
	damage := &namesError{db.path(), n}
	isLog := func(name string) bool { return strings.HasPrefix(name, nameOfLog("")) }
	for _, name := range n.lost {
		if !isLog(name) {
			return damage
		}
	}
	if o.ReadOnly {
		db.missing = errors.Join(db.missing, damage)
		return nil
	}
	return damage
}

// listNames lists all names that are not listed yet. Without space for that, the next start does it.
func (db *DB) listNames() error {
	var n names
	err := db.view(func(tx *bolt.Tx) (err error) {
		n, err = readNames(tx)
		return err
	})
	if err != nil || n.exist && len(n.unlisted) == 0 && len(n.damaged) == 0 {
		return err
	}
	err = db.update(n.list)
	if errors.Is(err, errDiskFull) && len(n.damaged) == 0 {
		return nil
	}
	return err
}

// list makes the list complete.
func (n *names) list(tx *bolt.Tx) error {
	list, err := tx.CreateBucketIfNotExists(bucketNameList)
	for _, name := range n.damaged {
		if n.exist && err == nil {
			err = list.Delete([]byte(name))
		}
	}
	for _, name := range n.unlisted {
		if err == nil {
			err = listName(tx, name)
		}
	}
	return err
}

// namesError is the error of a store in which a name is damaged.
type namesError struct {
	path string
	names
}

func (e *namesError) Error() string {
	cure := "restore a backup to a new directory: oplog restore FILE --data NEW. oplog verify tells which entries are damaged"
	if len(e.lost) == 0 {
		cure = "only the list of names is damaged, no entry. A copy without the damage is made by oplog restore " + e.path + " --data NEW; give it signing.key"
	}
	return fmt.Sprintf("%s is damaged: %s. No entry was changed. Check the disk; %s", e.path, e.what(), cure)
}

// what returns the finding.
func (e *namesError) what() string {
	if len(e.lost) == 0 {
		return fmt.Sprintf("%q is in the list of names", e.damaged[0])
	}
	var title string
	switch kind, name, _ := strings.Cut(e.lost[0], "/"); {
	case name == "":
		title = "the part " + kind
	case kind == string(bucketRecords):
		title = "the records of the kind " + name
	case name == "/access":
		title = "the installation's access log"
	case strings.HasSuffix(name, "/access"):
		title = "the access log of tenant " + strings.TrimSuffix(name, "/access")
	default:
		title = "the log of tenant " + name
	}
	if more := len(e.lost) - 1; more > 0 {
		title += fmt.Sprintf(" (and %d more)", more)
	}
	return title + " cannot be found under its name"
}

func (e *namesError) Is(target error) bool { return target == ErrDamaged }

// noteHead lists the head file, once its name is on disk: a store beside which it is missing then is refused. In a store that is being restored
// it is not listed: the store leaves its head behind. Without space for it, the next start does this.
func (db *DB) noteHead(restoring bool) error {
	exists, listed := false, false
	err := db.view(func(tx *bolt.Tx) error {
		list := tx.Bucket(bucketNameList)
		exists = list != nil
		listed = exists && list.Get([]byte(headName)) != nil
		return nil
	})
	if err != nil || !exists || listed != restoring || !restoring && db.head.failing {
		return err
	}
	err = db.update(func(tx *bolt.Tx) error {
		if restoring {
			return tx.Bucket(bucketNameList).Delete([]byte(headName))
		}
		return listName(tx, headName)
	})
	if errors.Is(err, errDiskFull) && !restoring {
		return nil
	}
	return err
}

// isHeadListed reports whether an element of a leaf, in a bucket within the outermost one, lists the head file.
func isHeadListed(bucket, key []byte) bool {
	return bytes.Equal(bucket, bucketNameList) && string(key) == headName
}
