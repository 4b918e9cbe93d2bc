// Package cache keeps compiled programs in a folder, each together with the list
// of files it was made from. What passing tests printed is kept in the same way, with the files and
// variables that they looked at.
//
// # How an entry is found
//
//  1. The caller hashes what was asked for: its own version, the Go distribution,
//     folder, arguments, build tags, environment. That is the key, and the name of
//     the entry's file.
//  2. The entry begins with the list of its inputs (input.go): files and folders
//     that compiling looked at. Each is compared with the disk. A file whose size
//     and time are unchanged counts as unchanged, unless it was written so shortly
//     before the entry that its time proves nothing; then its contents decide.
//  3. If every input is as it was, the rest of the entry is the program.
//
// One file per program, not per package: a program is compiled from source as a
// whole, functions that nothing reaches are never lowered, and reading one image
// takes a few milliseconds. A cache of packages would have to keep all functions
// of each and link them at every start.
//
// # What can go wrong, and does not
//
// Entries are written under a temporary name and renamed, so that a reader sees a
// whole entry or none; two writers of one key write the same program. A checksum
// finds damage, and a damaged entry is removed and counts as absent. Whoever can
// write to the folder can also change programs, as with the go command's cache; the
// program is still verified before it runs.
//
// The folder is held below a size: after each write, entries go that were not used
// for the longest time (a use sets the file's time).
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// DefaultLimit is the most bytes a cache holds unless told otherwise.
const DefaultLimit = 512 << 20

// An entry's file:
//
//	+----------+-----------+--------+---------+----------+
//	| magic 8  | inputs' n | inputs | program | sha-256  |
//	| "TERRACH"| 8 bytes   | n bytes| …       | 32 bytes |
//	+----------+-----------+--------+---------+----------+
const (
	magic      = "TERRACH\x01"
	headerSize = len(magic) + 8
	suffix     = ".terra-cache"
	tempPrefix = "tmp-"
)

// Key names what was asked for.
type Key [sha256.Size]byte

// KeyOf hashes the parts of a request. Parts do not run together.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		binary.Write(h, binary.LittleEndian, uint64(len(p)))
		h.Write([]byte(p))
	}
	return Key(h.Sum(nil))
}

// Cache is a folder of entries. Any number of processes may use one folder.
type Cache struct {
	dir   string
	limit int64
}

// Open returns the cache in a folder, made if it is missing; limit is in bytes, 0 means DefaultLimit.
func Open(dir string, limit int64) (*Cache, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	return &Cache{dir, limit}, nil
}

// UserDir is the folder that commands use: $TERRARIUM_CACHE, or terrarium below the user's cache folder.
// The variable set to "off" gives "".
func UserDir() (string, error) {
	switch dir := os.Getenv("TERRARIUM_CACHE"); {
	case dir == "off":
		return "", nil
	case dir != "":
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "terrarium"), nil
}

func (c *Cache) path(k Key) string { return filepath.Join(c.dir, hex.EncodeToString(k[:])+suffix) }

// Get returns the program of an entry whose inputs are unchanged.
func (c *Cache) Get(k Key) ([]byte, bool) {
	program, _, ok := c.GetNote(k)
	return program, ok
}

// GetNote is Get that also returns the note of the entry's inputs.
func (c *Cache) GetNote(k Key) (program []byte, note string, ok bool) {
	name := c.path(k)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, "", false
	}
	inputs, program, err := parse(data)
	if err != nil {
		os.Remove(name)
		return nil, "", false
	}
	if !inputs.current() {
		return nil, "", false
	}
	now := time.Now()
	os.Chtimes(name, now, now)
	return program, inputs.Note, true
}

// Put writes an entry. A caller that lists the inputs after it has read them asks
// Inputs.ChangedSince first, or a change in between would go unnoticed.
func (c *Cache) Put(k Key, inputs *Inputs, program []byte) error {
	list, err := json.Marshal(inputs)
	if err != nil {
		return err
	}
	for len(list)%16 != 0 { // the program is read in place and wants its instructions aligned
		list = append(list, ' ')
	}
	b := binary.LittleEndian.AppendUint64([]byte(magic), uint64(len(list)))
	b = append(append(b, list...), program...)
	sum := sha256.Sum256(b)
	f, err := os.CreateTemp(c.dir, tempPrefix)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, sum[:]...))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), c.path(k))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	c.trim()
	return nil
}

// Drop removes an entry whose program turned out to be unusable.
func (c *Cache) Drop(k Key) { os.Remove(c.path(k)) }

// parse takes an entry's file apart.
func parse(data []byte) (*Inputs, []byte, error) {
	if len(data) < headerSize+sha256.Size || string(data[:len(magic)]) != magic {
		return nil, nil, errors.New("cache: not an entry")
	}
	body := data[:len(data)-sha256.Size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], data[len(body):]) {
		return nil, nil, errors.New("cache: damaged entry")
	}
	n := binary.LittleEndian.Uint64(body[len(magic):])
	if n > uint64(len(body)-headerSize) {
		return nil, nil, errors.New("cache: damaged entry")
	}
	var in Inputs
	if err := json.Unmarshal(body[headerSize:headerSize+int(n)], &in); err != nil {
		return nil, nil, fmt.Errorf("cache: %w", err)
	}
	return &in, body[headerSize+int(n):], nil
}

// Info is what a cache holds.
type Info struct {
	Dir     string
	Entries int
	Bytes   int64 // of the entries
	Limit   int64 // bytes
}

// Info counts the entries.
func (c *Cache) Info() Info {
	in := Info{Dir: c.dir, Limit: c.limit}
	for _, e := range c.entries() {
		in.Entries++
		in.Bytes += e.Size()
	}
	return in
}

// Clean removes all entries. It touches no file that is not an entry.
func (c *Cache) Clean() error {
	var errs []error
	for _, e := range c.entries() {
		if err := os.Remove(filepath.Join(c.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// staleTemp is the age at which a temporary file belongs to nobody any more.
const staleTemp = time.Hour

// trim removes the entries that were not used for longest until the rest fits.
func (c *Cache) trim() {
	list := c.entries()
	sort.Slice(list, func(i, j int) bool { return list[i].ModTime().After(list[j].ModTime()) })
	sum := int64(0)
	for i, e := range list {
		if sum += e.Size(); sum > c.limit && i > 0 {
			os.Remove(filepath.Join(c.dir, e.Name()))
			sum -= e.Size()
		}
	}
}

// entries lists the entries' files; temporary files that were left behind are removed.
func (c *Cache) entries() []fs.FileInfo {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return nil
	}
	var list []fs.FileInfo
	for _, f := range files {
		info, err := f.Info()
		switch {
		case err != nil || !info.Mode().IsRegular():
		case strings.HasSuffix(f.Name(), suffix):
			list = append(list, info)
		case strings.HasPrefix(f.Name(), tempPrefix) && time.Since(info.ModTime()) > staleTemp:
			os.Remove(filepath.Join(c.dir, f.Name()))
		}
	}
	return list
}
