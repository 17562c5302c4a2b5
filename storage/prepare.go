package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// prepare initializes a new file, or validates an existing one.
func (db *DB) prepare(o Options, opened *opening) error {
	var isNew bool
	var version int
	var inside string // the private key, in a store of an earlier version
	var found names
	err := db.view(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			isNew = true
			if tx.Bucket(bucketTenants) != nil || tx.Bucket(bucketRecords) != nil {
				return fmt.Errorf("%s is damaged: a page has no bucket %q, or not where it belongs; restore a backup to a new directory: oplog restore FILE --data NEW", db.path(), bucketMeta)
			}
			if name, _ := tx.Cursor().First(); name != nil {
				return fmt.Errorf("%s is another program's database; specify another directory", db.path())
			}
			return nil
		}
		var err error
		if version, err = db.readFormat(meta); err != nil {
			return err
		}
		inside = string(meta.Get(keySigner))
		found, err = readNames(tx)
		return errors.Join(err, db.readKeys(meta), db.notePosition(tx))
	})
	if err == nil {
		err = db.checkNames(found, o)
	}
	if err == nil && !isNew {
		err = db.checkTrees(opened)
	}
	if err != nil {
		return err
	}
	if db.format = version; isNew || version == sealedFormat { // whose layout is the same
		db.format = formatVersion
	}
	if o.ReadOnly {
		return db.checkPrepared(version, inside, o)
	}
	if isNew {
		if o.SignCommand != "" {
			return errors.New("a new log begins with a key of its own: start it without --sign-command, then hand over to the command with oplog key rotate")
		}
		return db.update(db.create)
	}
	if err := db.migrate(version, o); err != nil {
		return err
	}
	if err := db.loadSigner(inside, o); err != nil {
		return err
	}
	return errors.Join(db.addRecordBuckets(), db.listNames())
}

// migrate raises a file of an earlier version to that of this build.
func (db *DB) migrate(version int, o Options) error {
	switch {
	case version >= formatVersion || o.restoring:
	case o.NoCopy:
		slog.Warn("the store is migrated, and no copy in its earlier format is kept", "file", db.path(), "format", version)
	default:
		if err := db.keepOld(version); err != nil {
			return err
		}
	}
	if version == 1 {
		if err := db.update(migrate1); err != nil {
			return fmt.Errorf("migrating %s from format 1 to format %d failed: %w", db.path(), formatVersion, err)
		}
	}
	// A file that says it is open but is not sealed is a backup of an open file.
	current := formatVersion
	if db.bolt.Load().NoSync {
		current = sealedFormat
	}
	switch {
	case version < sumsFormat:
		if err := db.update(func(tx *bolt.Tx) error { return migrateRecords(tx, current) }); err != nil {
			return fmt.Errorf("migrating %s from format %d to format %d failed: %w", db.path(), version, formatVersion, err)
		}
	case version != current && version != movedFormat:
		if err := db.setFormat(current); err != nil {
			return err
		}
	}
	return nil
}

// readFormat reads the version of the file's layout, and checks that this build can read it.
func (db *DB) readFormat(meta *bolt.Bucket) (int, error) {
	version, err := strconv.Atoi(string(meta.Get(keyFormat)))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s has no format version; it is damaged or does not belong to oplog", db.path())
	case version < 1 || version > movedFormat:
		return 0, &formatError{db.path(), version}
	}
	return version, nil
}

// formatError is the error of a file with a format that this build cannot read.
type formatError struct {
	file    string
	version int
}

func (e *formatError) Error() string {
	if e.isDamage() {
		return e.what(e.file) + ": restore a backup to a new directory"
	}
	return e.what(e.file)
}

// isDamage reports whether no version of oplog writes the format.
func (e *formatError) isDamage() bool { return e.version < 1 }

// what says it of the file under some name.
func (e *formatError) what(name string) string {
	if e.isDamage() {
		return fmt.Sprintf("%s has format %d, which no version of oplog writes; it is damaged", name, e.version)
	}
	return fmt.Sprintf("%s has format %d, but this version of oplog supports formats up to %d; use a newer version", name, e.version, movedFormat)
}

// Formats returns the format that the file had when it was opened, and the newest one, which this build writes.
func (db *DB) Formats() (found, newest int) { return db.format, formatVersion }

// oldestReadable is the oldest format that can be read without a migration.
const oldestReadable = 4

// emptyKinds are kinds of records that a file of formatVersion may lack: it is read as one that has none of them.
var emptyKinds = []oplog.RecordKind{oplog.RecordArchive, oplog.RecordArchiveCounts}

// checkPrepared is prepare for a store that must not be written.
func (db *DB) checkPrepared(version int, inside string, o Options) error {
	if version == 0 {
		return fmt.Errorf("%s contains no log yet", db.path())
	}
	missing, err := db.missingBuckets()
	if err != nil {
		return err
	}
	missing = slices.DeleteFunc(missing, func(kind oplog.RecordKind) bool { return slices.Contains(emptyKinds, kind) })
	db.plainRecords = version < sumsFormat
	if version < oldestReadable || len(missing) > 0 || inside != "" {
		return fmt.Errorf("%s is of an earlier version of oplog, and has to be migrated; %w", db.path(), ErrMustWrite)
	}
	if o.IgnoreKey {
		return nil
	}
	return db.loadSigner("", o)
}

// addRecordBuckets creates the buckets of record kinds that were added after the file was created.
func (db *DB) addRecordBuckets() error {
	missing, err := db.missingBuckets()
	if err != nil || len(missing) == 0 {
		return err
	}
	return db.update(func(tx *bolt.Tx) error {
		for _, kind := range missing {
			if _, err := topBucket(tx, bucketRecords).CreateBucket([]byte(kind)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) missingBuckets() (missing []oplog.RecordKind, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		for _, kind := range oplog.RecordKinds {
			if topBucket(tx, bucketRecords).Bucket([]byte(kind)) == nil {
				missing = append(missing, kind)
			}
		}
		return nil
	})
	return missing, err
}

func (db *DB) create(tx *bolt.Tx) error {
	if err := db.newSigner(); err != nil {
		return err
	}
	meta, err := tx.CreateBucket(bucketMeta)
	if err != nil {
		return err
	}
	records, err := tx.CreateBucket(bucketRecords)
	if err != nil {
		return err
	}
	for _, kind := range oplog.RecordKinds {
		if _, err := records.CreateBucket([]byte(kind)); err != nil {
			return err
		}
	}
	_, err = tx.CreateBucket(bucketTenants)
	if err != nil {
		return err
	}
	found, err := readNames(tx)
	return errors.Join(err, found.list(tx),
		meta.Put(keyFormat, []byte(strconv.Itoa(formatVersion))),
		meta.Put(keyVerifier, []byte(db.VerifierKey())))
}
