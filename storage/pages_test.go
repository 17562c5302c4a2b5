package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// stored is a closed store with free pages, pages of several sizes, and a last transaction that has no seal.
type stored struct {
	files    files
	crashed  files    // as they were while the store was open, and its transactions sealed
	contents []string // by seq - 1
}

func makeStored(t *testing.T) stored {
	t.Helper()
	db := openStore(t, t.TempDir())
	var s stored
	for part := range 12 {
		var entries []oplog.Entry
		for i := range 100 {
			n := part*100 + i
			e := entry(n*7, fmt.Sprint("content ", n))
			if n%3 == 0 {
				e.ID = fmt.Sprint("own-", n)
			}
			if n%50 == 0 {
				e.Details = fmt.Appendf(nil, `{"long":"%s"}`, strings.Repeat("long ", 2500))
			}
			entries = append(entries, e)
			s.contents = append(s.contents, e.Content.Name)
		}
		mustAppend(t, db, entries...)
		put(t, db, oplog.RecordTenant, fmt.Sprint("tenant-", part), `{"of":"`+strings.Repeat("x", 3000)+`"}`)
	}
	for part := range 10 {
		_, revision, err := db.Record(oplog.RecordTenant, fmt.Sprint("tenant-", part))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.PutRecord(oplog.RecordTenant, fmt.Sprint("tenant-", part), revision, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.crashed = filesOf(t, db.dir)
	db = reopen(t, db)
	for range 3 {
		put(t, db, oplog.RecordTenant, "acme", "{}")
	}
	closeStore(t, db)
	s.files = filesOf(t, db.dir)
	return s
}

// checkRead checks that whatever can be read is what was recorded. It returns how many entries were read, and the error that kept others from
// being read, which must be in words.
func (s *stored) checkRead(t *testing.T, db *DB) (read int, refused error) {
	t.Helper()
	err := db.Arrivals(t.Context(), "acme", 1, 0, func(e oplog.Entry) error {
		if read++; e.Damaged {
			refused = errors.New("an entry is damaged")
		} else if want := s.contents[e.Seq-1]; e.Content.Name != want {
			t.Errorf("entry %d was recorded as %q, and is read as %q", e.Seq, want, e.Content.Name)
		}
		return nil
	})
	if refused = errors.Join(refused, err); refused != nil {
		checkWords(t, refused)
	}
	return read, refused
}

// checkWords checks that an error is one a person can act on.
func checkWords(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	for _, program := range []string{"goroutine", ".go:", "runtime error", "panic"} {
		if strings.Contains(text, program) {
			t.Errorf("the error shows the program: %s", text)
		}
	}
	for _, words := range []string{"damaged", "restore", "missing", "not in the store", "is not", "has no"} {
		if strings.Contains(text, words) {
			return
		}
	}
	t.Errorf("the error says nothing of damage: %s", text)
}

// use opens a damaged store and uses it: what was recorded is read back right, before and after more was recorded, or is refused.
func (s *stored) use(t *testing.T, dir string) (refused error) {
	t.Helper()
	db, err := Open(dir, Options{})
	if err != nil {
		checkWords(t, err)
		return err
	}
	read, refused := s.checkRead(t, db)
	if refused == nil && read != len(s.contents) {
		t.Errorf("%d of %d entries are read, and nothing was said", read, len(s.contents))
	}
	for i := range 20 {
		if _, err := db.Append(t.Context(), "acme", []oplog.Entry{entry(i, strings.Repeat("more ", 300))}, 0); err != nil {
			checkWords(t, err)
			refused = errors.Join(refused, err)
			break
		}
	}
	after := stored{contents: slices.Concat(s.contents, slices.Repeat([]string{strings.Repeat("more ", 300)}, 20))}
	now, err := after.checkRead(t, db)
	if refused == nil && (err != nil || now != len(after.contents)) {
		t.Errorf("%d of %d entries are read after more were recorded: %v", now, len(after.contents), err)
	}
	if err := db.Close(); err != nil && refused == nil {
		t.Errorf("closing: %v", err)
	}
	return refused
}

// read opens a damaged store for reading and verifies it.
func (s *stored) read(t *testing.T, dir string) (refused error) {
	t.Helper()
	db, err := Open(dir, Options{WithoutKey: true, ReadOnly: true})
	if err != nil {
		checkWords(t, err)
		return err
	}
	defer closeStore(t, db)
	_, refused = s.checkRead(t, db)
	v, err := db.Verify(t.Context(), "acme", nil, func(_, _ uint64) {})
	if err != nil {
		checkWords(t, err)
	}
	if v.Bad > 0 {
		err = errors.Join(err, errors.New("not intact"))
	}
	return errors.Join(refused, err, db.Missing())
}

// restore restores a damaged file.
func (s *stored) restore(t *testing.T, data []byte) (refused error) {
	t.Helper()
	dir := t.TempDir()
	if _, err := Restore(context.Background(), dir, bytes.NewReader(data), func(*DB) error { return nil }); err != nil {
		checkWords(t, err)
		return err
	}
	copyKeyTo(t, s.files, dir)
	return s.use(t, dir)
}

func copyKeyTo(t *testing.T, f files, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, keyName), f[keyName], 0o600); err != nil {
		t.Fatal(err)
	}
}

// damage damages a data file in one of the ways of disks.
func damage(data []byte, r *rand.Rand) string {
	page := os.Getpagesize()
	pages := int(metaIn(data).end)
	one, other := r.IntN(pages), r.IntN(pages)
	a, b := data[one*page:][:page], data[other*page:][:page]
	switch r.IntN(5) {
	case 0:
		clear(a)
		return fmt.Sprint("page ", one, " is zero")
	case 1:
		kept := bytes.Clone(a)
		copy(a, b)
		copy(b, kept)
		return fmt.Sprint("pages ", one, " and ", other, " are swapped")
	case 2:
		copy(a, b)
		return fmt.Sprint("page ", one, " is a copy of ", other)
	case 3: // where bbolt's own data is
		at := r.IntN(256)
		a[at] ^= 1 << r.IntN(8)
		return fmt.Sprint("a bit of byte ", at, " of page ", one)
	default:
		at := r.IntN(page)
		a[at] ^= 1 << r.IntN(8)
		return fmt.Sprint("a bit of byte ", at, " of page ", one)
	}
}

// metaIn returns the last meta of a data file.
func metaIn(data []byte) meta {
	p, err := readMetaPages(bytes.NewReader(data), os.Getpagesize())
	if err != nil {
		panic(err)
	}
	return p.metas[p.last]
}

// TestDamagedPagesAreRefused: wherever the file is damaged, it is read right or refused in words, by a server, by verify, and as a backup.
func TestDamagedPagesAreRefused(t *testing.T) {
	s := makeStored(t)
	refused := 0
	for seed := range uint64(60) {
		damaged := maps.Clone(s.files)
		damaged[fileName] = bytes.Clone(damaged[fileName])
		what := damage(damaged[fileName], rand.New(rand.NewPCG(seed, 0))) //nolint:gosec // a test
		t.Run(fmt.Sprint(seed, " ", what), func(t *testing.T) {
			reading := s.read(t, damaged.laid(t, -1))
			_ = s.restore(t, damaged[fileName])
			using := s.use(t, damaged.laid(t, -1))
			if using != nil {
				refused++
			}
			if using != nil && reading == nil {
				t.Errorf("a server refuses what verify finds intact: %v", using)
			}
		})
	}
	if refused < 20 || refused == 60 {
		t.Errorf("%d of 60 damaged files are refused", refused)
	}
}

// TestDamagedListOfFreePages: a bit of the list of free pages costs no entry, and not even the way to a sound copy.
func TestDamagedListOfFreePages(t *testing.T) {
	s := makeStored(t)
	for name, of := range map[string]files{"closed": s.files, "crashed": s.crashed} {
		at := int(metaIn(of[fileName]).freelist) * os.Getpagesize()
		count := int(binary.NativeEndian.Uint16(of[fileName][at+10:]))
		if count < 20 {
			t.Fatalf("only %d pages are free", count)
		}
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
			bit := 8*(at+pageHead+8*r.IntN(count)) + r.IntN(12)
			damaged := maps.Clone(of)
			damaged[fileName] = bytes.Clone(damaged[fileName])
			damaged[fileName][bit/8] ^= 1 << (bit % 8)
			err := s.use(t, damaged.laid(t, -1))
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "only the list of free pages") {
				t.Errorf("%s, bit %d: %v", name, bit, err)
			}
			if err := s.read(t, damaged.laid(t, -1)); err == nil {
				t.Errorf("%s, bit %d: read", name, bit)
			}
			if err := s.restore(t, damaged[fileName]); err != nil {
				t.Errorf("%s, bit %d, restored: %v", name, bit, err)
			}
		}
	}
}

// namesOfBuckets returns where the elements of pages in use are that name a bucket, and where their names are.
func namesOfBuckets(data []byte) (elements []int, names [][]byte) {
	page, order := os.Getpagesize(), binary.NativeEndian
	last := metaIn(data)
	free := map[uint64]bool{}
	list := data[int(last.freelist)*page:]
	for i := range int(order.Uint16(list[10:])) {
		free[order.Uint64(list[pageHead+8*i:])] = true
	}
	for number := uint64(2); number < last.end; number++ {
		at := int(number) * page //nolint:gosec // small
		if free[number] || order.Uint64(data[at:]) != number || order.Uint16(data[at+8:]) != leafFlag {
			continue
		}
		for i := range int(order.Uint16(data[at+10:])) {
			element := at + pageHead + leafElement*i
			if order.Uint32(data[element:]) == bucketFlag {
				name := data[element+int(order.Uint32(data[element+4:])):]
				elements, names = append(elements, element), append(names, name[:order.Uint32(data[element+8:])])
			}
		}
	}
	return elements, names
}

// TestDamagedNamesOfBuckets: where the name of a bucket is another one, or what it names is no bucket any more, that is said in words, too. It is not taken
// for a mistake of the program, which would ask to report it.
func TestDamagedNamesOfBuckets(t *testing.T) {
	s := makeStored(t)
	elements, names := namesOfBuckets(s.files[fileName])
	refused, damages, tried := 0, 0, map[string]bool{}
	for i, element := range elements {
		kind := string(names[i])
		if kind[:2] == "20" {
			kind = fmt.Sprint("of ", len(kind), " bytes") // dates, and runs of ids
		}
		if tried[kind] || kind != string(bucketTenants) && slices.Contains(oplog.RecordKinds, oplog.RecordKind(kind)) {
			continue
		}
		tried[kind] = true
		name := element + int(binary.NativeEndian.Uint32(s.files[fileName][element+4:]))
		for part, flip := range map[string]struct {
			at  int
			bit byte
		}{
			"flags": {element, bucketFlag}, "length": {element + 8, 4}, "name": {name + len(names[i]) - 1, 4},
		} {
			damaged := maps.Clone(s.files)
			damaged[fileName] = bytes.Clone(damaged[fileName])
			damaged[fileName][flip.at] ^= flip.bit
			t.Run(fmt.Sprintf("%s of %q", part, names[i]), func(t *testing.T) {
				damages++
				reading := s.read(t, damaged.laid(t, -1))
				_ = s.restore(t, damaged[fileName])
				if using := s.use(t, damaged.laid(t, -1)); using != nil && reading == nil {
					t.Errorf("a server refuses what verify finds intact: %v", using)
				}
				if reading != nil {
					refused++
				}
			})
		}
	}
	if !tried["of 10 bytes"] || !tried["of 14 bytes"] || !tried[nameArrivals] || !tried[nameTree] || refused < damages-3 {
		t.Errorf("%d of %d are refused: %v", refused, damages, tried)
	}
}

// TestDamagedVerifierKey: a damaged key in the store is not taken for that of another log, nor for one that was replaced, which would be told to get another
// file or to begin a new key.
func TestDamagedVerifierKey(t *testing.T) {
	s := makeStored(t)
	elements, names := namesOfBuckets(s.files[fileName])
	at := elements[slices.IndexFunc(names, func(n []byte) bool { return bytes.Equal(n, bucketMeta) })] / os.Getpagesize() * os.Getpagesize()
	key := at + bytes.Index(s.files[fileName][at:], []byte("verifieroplog-"))
	for name, place := range map[string]int{"the name of the record": 2, "the name of the key": 8 + 7, "its hash": 8 + 15, "its last byte": 8 + 67} {
		damaged := maps.Clone(s.files)
		damaged[fileName] = bytes.Clone(damaged[fileName])
		damaged[fileName][key+place] ^= 1 << 4
		for _, err := range []error{s.read(t, damaged.laid(t, -1)), s.restore(t, damaged[fileName]), s.use(t, damaged.laid(t, -1))} {
			if err == nil || !strings.Contains(err.Error(), "the verifier key in ") || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestLoopsAreNotRead: a page that is neither a leaf nor a branch is followed as a branch, a bucket within a leaf to itself, for ever. So such a file is not
// even opened to be read.
func TestLoopsAreNotRead(t *testing.T) {
	s := makeStored(t)
	data, order, page := s.files[fileName], binary.NativeEndian, os.Getpagesize()
	elements, names := namesOfBuckets(data)
	flags := map[string]int{}
	for i, element := range elements {
		value := element + int(order.Uint32(data[element+4:])) + len(names[i])
		root := order.Uint64(data[value:])
		if root == 0 {
			flags["a bucket within a leaf"] = value + bucketHead + 8
		} else {
			flags["a page"] = int(root)*page + 8 //nolint:gosec // small
		}
	}
	if len(flags) != 2 {
		t.Fatalf("there are %v", flags)
	}
	for what, at := range flags {
		t.Run(what, func(t *testing.T) {
			damaged := maps.Clone(s.files)
			damaged[fileName] = bytes.Clone(data)
			damaged[fileName][at] |= 4
			db, err := Open(damaged.laid(t, -1), Options{ReadOnly: true})
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("it is opened: %v", err)
			}
			if err == nil {
				closeStore(t, db)
			}
		})
	}
}
