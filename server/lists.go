package server

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
	"oplog/server/wire"
)

// Lists of what is set up are bounded. A response with fewer items than there are has a cursor for the others in its header: bodies, some of
// them bare arrays, stay as they are.

const (
	nextCursor = "Next-Cursor"

	// Items of a response.
	maxItems               = 1000
	maxCatalogListed       = 2000 // modules and operation types together
	maxOrganizationsListed = 10_000
)

// listParams are the parameters of a bounded list.
func listParams(most int, others ...*huma.Param) []*huma.Param {
	return append(others[:len(others):len(others)],
		wire.TextParam("limit", fmt.Sprintf("Items per response; at most, and by default, %d. If there are more, the header %s has a cursor for them.", most, nextCursor),
			&huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(most)), Default: most}),
		wire.TextParam("cursor", "The header "+nextCursor+" of the previous response.", &huma.Schema{Type: huma.TypeString}),
	)
}

// pageOf returns the part of a list that a request asks for, and sets the header if there is more. Items are told apart by their key: a list
// in which the last one of the previous response is no longer found has to be read again from its beginning.
func pageOf[T any](in *call, most int, list []T, key func(*T) string) ([]T, error) {
	return rangeOf(in, most, func(after string, _ int) ([]T, error) {
		if after == "" {
			return list, nil
		}
		start := slices.IndexFunc(list, func(item T) bool { return key(&item) == after }) + 1
		if start == 0 {
			return nil, errNotFound
		}
		return list[start:], nil
	}, key)
}

// rangeOf is pageOf for a list that is not read as a whole: read returns at least the first items, up to limit, after the one with a key ("" for
// the beginning), or CodeNotFound if there is no such item.
func rangeOf[T any](in *call, most int, read func(after string, limit int) ([]T, error), key func(*T) string) ([]T, error) {
	r := wire.ReadQuery(in.query)
	limit, cursor := r.Int("limit", most), r.Text("cursor")
	if limit < 1 || limit > most {
		r.Fail("limit", limit, "out_of_range", "is not {min} to {max}", 1, most)
	}
	noCursor := func() {
		r.Fail("cursor", cursor, "not_a_cursor", "is not of this list as it is now; read it again without a cursor")
	}
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		noCursor()
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	list, err := read(string(after), limit+1) // one more shows whether there are more
	if cursor != "" && oplog.CodeOf(err) == oplog.CodeNotFound {
		noCursor()
		err = r.Err()
	}
	if err != nil {
		return nil, err
	}
	return firstOf(in, limit, list, key), nil
}

// firstOf returns the first items of a list, and sets the header if there are more.
func firstOf[T any](in *call, limit int, list []T, key func(*T) string) []T {
	if len(list) > limit {
		list = list[:limit]
		in.http.Set(nextCursor, base64.RawURLEncoding.EncodeToString([]byte(key(&list[limit-1]))))
	}
	return orEmpty(list)
}

// either is an item of one of two lists that are one response.
type either[A, B any] struct {
	a *A
	b *B
}

// joined returns two lists as one, and how its items are told apart.
func joined[A, B any](as []A, keyA func(*A) string, bs []B, keyB func(*B) string) (list []either[A, B], key func(*either[A, B]) string) {
	list = make([]either[A, B], 0, len(as)+len(bs))
	for i := range as {
		list = append(list, either[A, B]{a: &as[i]})
	}
	for i := range bs {
		list = append(list, either[A, B]{b: &bs[i]})
	}
	return list, func(item *either[A, B]) string {
		if item.a != nil {
			return "a " + keyA(item.a)
		}
		return "b " + keyB(item.b)
	}
}

// parted returns the two lists that a joined list is made of.
func parted[A, B any](list []either[A, B]) (as []A, bs []B) {
	as, bs = []A{}, []B{}
	for _, item := range list {
		if item.a != nil {
			as = append(as, *item.a)
		} else {
			bs = append(bs, *item.b)
		}
	}
	return as, bs
}
