//go:build linux && !race

package storage_test

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// stop stops the machine, or only the process, and lays out what is then on the disk. It returns the error of the step at which that happens.
func (d *simDisk) stop(kill bool) error {
	if d.off {
		return errOff
	}
	d.off, d.plan, d.wasKilled = true, nil, kill
	d.tops++
	d.image = filepath.Join(d.root, fmt.Sprint(d.tops))
	var err error
	if kill {
		err = d.keepAll()
	} else {
		err = d.loseSome()
	}
	if err != nil {
		panic(err)
	}
	return errOff
}

// start starts the machine again, on what the crash left.
func (d *simDisk) start() error {
	err := os.RemoveAll(d.top)
	d.top, d.off = d.image, false
	if d.wasKilled {
		return err
	}
	d.files = make(map[uint64]*simFile)
	err = errors.Join(err, os.RemoveAll(filepath.Join(d.root, "held")), os.Mkdir(filepath.Join(d.root, "held"), 0o700))
	return errors.Join(err, d.allDurable())
}

// allDurable makes all files durable as they are.
func (d *simDisk) allDurable() error {
	d.folders = make(map[string]map[string]uint64)
	return filepath.WalkDir(d.top, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			d.folders[d.name(path)], err = d.namesIn(path)
			return err
		}
		info, err := e.Info()
		if err == nil {
			_, err = d.fileAt(path, inodeOf(info))
		}
		return err
	})
}

// namesIn returns the names of the files in a folder, with their inodes.
func (d *simDisk) namesIn(path string) (map[string]uint64, error) {
	entries, err := os.ReadDir(path)
	names := make(map[string]uint64, len(entries))
	for _, e := range entries {
		if info, infoErr := e.Info(); infoErr == nil && !e.IsDir() {
			names[e.Name()] = inodeOf(info)
		}
	}
	return names, err
}

// now returns the names of all files as the process sees them, by folder, and the folders in order.
func (d *simDisk) now() (names map[string]map[string]uint64, folders []string, err error) {
	names = make(map[string]map[string]uint64)
	err = filepath.WalkDir(d.top, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			names[d.name(path)], err = d.namesIn(path)
			folders = append(folders, d.name(path))
		}
		return err
	})
	return names, folders, err
}

// keepAll lays out the files as the process left them. They are the same ones: a later power cut may still lose what was not synced.
func (d *simDisk) keepAll() error {
	names, folders, err := d.now()
	for _, folder := range folders {
		err = errors.Join(err, os.MkdirAll(filepath.Join(d.image, folder), 0o700))
		for name := range names[folder] {
			err = errors.Join(err, os.Link(filepath.Join(d.top, folder, name), filepath.Join(d.image, folder, name)))
		}
	}
	return err
}

// loseSome lays out files as a power cut leaves them: of the changes of names and contents since the last syncs, any may be missing. A folder
// whose names were synced is durable itself.
func (d *simDisk) loseSome() error {
	names, folders, err := d.now()
	if err != nil {
		return err
	}
	left := make(map[string]map[string]uint64)
	for folder, durable := range d.folders {
		left[folder] = maps.Clone(durable)
	}
	cut, chance := d.random.Uint64(), d.random.IntN(5) // of 4, that a change is on disk
	isOnDisk := func(change, folder, name string) bool {
		return dice(cut, change, folder, plainName(name)).IntN(4) < chance
	}
	paths := make(map[uint64]string)
	for _, folder := range folders {
		if left[folder] == nil {
			left[folder] = make(map[string]uint64)
		}
		for _, name := range inPlainOrder(names[folder]) {
			inode := names[folder][name]
			paths[inode] = filepath.Join(d.top, folder, name)
			if left[folder][name] == inode || !isOnDisk("named", folder, name) {
				continue
			}
			for was, other := range left[folder] {
				if other == inode { // it was renamed
					delete(left[folder], was)
				}
			}
			left[folder][name] = inode
		}
		for _, name := range inPlainOrder(left[folder]) {
			if _, still := names[folder][name]; !still && paths[left[folder][name]] == "" && isOnDisk("removed", folder, name) {
				delete(left[folder], name)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(left)) {
		if err := os.MkdirAll(filepath.Join(d.image, folder), 0o700); err != nil {
			return err
		}
		for _, name := range inPlainOrder(left[folder]) {
			inode := left[folder][name]
			if err := d.layOut(inode, paths[inode], filepath.Join(d.image, folder, name), dice(cut, "content", folder, plainName(name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// dice decides on a part of what a power cut leaves. It follows from the seed and from what it is about, not from how much else there is.
func dice(cut uint64, about ...string) *rand.Rand {
	sum := fnv.New64a()
	for _, text := range about {
		_, _ = fmt.Fprintf(sum, "%q", text)
	}
	return rand.New(rand.NewPCG(cut, sum.Sum64()))
}

func inPlainOrder(names map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int { return cmp.Or(cmp.Compare(plainName(a), plainName(b)), cmp.Compare(a, b)) })
}

// layOut writes the content that a power cut leaves of a file.
func (d *simDisk) layOut(inode uint64, from, to string, random *rand.Rand) error {
	s := d.files[inode]
	switch {
	case s == nil && from == "":
		return os.WriteFile(to, nil, 0o600)
	case s == nil:
		return layOutUnsynced(from, to, random)
	}
	left := simFile{pages: maps.Clone(s.pages), size: s.size}
	for _, w := range survivors(s.writes, random.Uint64()) {
		left.put(w.at, w.data)
	}
	return left.writeTo(to)
}

// survivors returns what is on disk of writes that were not synced: all of a group, or some. Whether a group is whole follows from the seed
// alone; of one that is not, at least one write is missing.
func survivors(writes []simWrite, cut uint64) (left []simWrite) {
	random := rand.New(rand.NewPCG(cut, 0))
	chance := random.IntN(5)
	spoilt := uint64(0) // of all groups, only this one is not whole
	if last := len(writes) - 1; chance == 4 && last >= 0 {
		spoilt = writes[0].group + random.Uint64N(writes[last].group-writes[0].group+2)
	}
	for len(writes) > 0 {
		end := slices.IndexFunc(writes, func(w simWrite) bool { return w.group != writes[0].group })
		if end < 0 {
			end = len(writes)
		}
		group := rand.New(rand.NewPCG(cut, writes[0].group)).IntN(4)
		if group < chance && writes[0].group != spoilt {
			left = append(left, writes[:end]...)
		} else {
			left = append(left, spoil(writes[:end], cut, chance)...)
		}
		writes = writes[end:]
	}
	return left
}

// spoil returns what is left of a group of writes: each is there, torn or missing, and at least one of several is missing.
func spoil(group []simWrite, cut uint64, chance int) (left []simWrite) {
	random := func(w simWrite) *rand.Rand { return rand.New(rand.NewPCG(cut^w.group, w.label)) }
	missing := slices.MinFunc(group, func(a, b simWrite) int { return cmp.Compare(random(a).Uint64(), random(b).Uint64()) })
	for _, w := range group {
		r := random(w)
		switch r.Uint64(); {
		case len(group) > 1 && w.label == missing.label:
		case r.IntN(4) < chance:
			left = append(left, w)
		case r.IntN(4) == 0: // torn
			for at := 0; at < len(w.data); at += simSector {
				if r.IntN(2) == 0 {
					left = append(left, simWrite{at: w.at + int64(at), data: w.data[at:min(at+simSector, len(w.data))]})
				}
			}
		}
	}
	return left
}

// layOutUnsynced writes what is left of a file that was never synced: nothing, or any of its sectors.
func layOutUnsynced(from, to string, random *rand.Rand) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	chance := random.IntN(5)
	for at := 0; at < len(data); at += simSector {
		if random.IntN(4) >= chance {
			clear(data[at:min(at+simSector, len(data))])
		}
	}
	if random.IntN(3) == 0 {
		data = data[:random.IntN(len(data)+1)]
	}
	return os.WriteFile(to, data, 0o600)
}

func (s *simFile) writeTo(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(s.size)
	for at, page := range s.pages {
		if _, writeErr := f.WriteAt(page[:min(simPage, s.size-at)], at); writeErr != nil {
			err = errors.Join(err, writeErr)
		}
	}
	return errors.Join(err, f.Close())
}
