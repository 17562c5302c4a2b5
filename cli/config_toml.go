package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlKey is a key of a TOML document with its value, or the header of a table.
type tomlKey struct {
	path     []string
	line     int
	value    any  // nil below a table that is in a table of a list
	isHeader bool // [table]
	isList   bool // [[table]]
}

// name returns the key with dots.
func (k tomlKey) name() string { return strings.Join(k.path, ".") }

// lineError is an error at a line of a file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

func (e *lineError) Unwrap() error { return e.err }

// readTOML returns the keys of a TOML document in order, those of inline tables as well. Errors are lineErrors.
//
// The library's parser is used for lines, which its decoder tells only of some errors.
func readTOML(text []byte) ([]tomlKey, error) {
	w := tomlWalk{seen: make(map[string]int)}
	w.parser.Reset(text)
	for w.parser.NextExpression() {
		if err := w.expression(w.parser.Expression()); err != nil {
			return nil, err
		}
	}
	if wrong := (*unstable.ParserError)(nil); errors.As(w.parser.Error(), &wrong) {
		return nil, &lineError{w.line(w.parser.Range(wrong.Highlight)), fmt.Errorf("invalid TOML: %s; a text needs quotes on both sides", wrong.Message)}
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		mistake := &lineError{1, err}
		if wrong := (*toml.DecodeError)(nil); errors.As(err, &wrong) {
			mistake.line, _ = wrong.Position()
		}
		mistake.err = fmt.Errorf("invalid TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
		return nil, mistake
	}
	places := make(map[string]int) // how many tables of a list there were
	for i, k := range w.keys {
		switch {
		case k.isHeader && k.isList:
			places[k.name()]++
		case !k.isHeader && len(k.path) > 1 && places[k.path[0]] > 0:
			w.keys[i].value = valueInList(tree, k.path, places[k.path[0]]-1)
		case !k.isHeader:
			w.keys[i].value = valueAt(tree, k.path)
		}
	}
	return w.keys, nil
}

// valueAt returns the value of a key, nil below [[table]].
func valueAt(tree map[string]any, path []string) any {
	var value any = tree
	for _, name := range path {
		table, _ := value.(map[string]any)
		value = table[name]
	}
	return value
}

// valueInList returns the value of a key in a table of a list, at a place.
func valueInList(tree map[string]any, path []string, place int) any {
	list, _ := tree[path[0]].([]any)
	if place >= len(list) {
		return nil
	}
	table, _ := list[place].(map[string]any)
	return valueAt(table, path[1:])
}

// tomlWalk collects the keys of a document.
type tomlWalk struct {
	parser unstable.Parser
	table  []string // of the last header
	inList bool     // the last header is that of a [[table]], in which keys may be repeated
	keys   []tomlKey
	seen   map[string]int // the line of each key and header
}

func (w *tomlWalk) line(of unstable.Range) int { return w.parser.Shape(of).Start.Line }

// expression adds a line of the document.
func (w *tomlWalk) expression(e *unstable.Node) error {
	if e.Kind == unstable.KeyValue {
		return w.keyValue(w.table, e)
	}
	k := w.key(nil, e)
	k.isHeader, k.isList = true, e.Kind == unstable.ArrayTable
	w.table, w.inList = k.path, k.isList || w.inList && len(k.path) > 1
	w.keys = append(w.keys, k)
	if first, twice := w.seen["["+k.name()]; twice && !w.inList {
		return &lineError{k.line, fmt.Errorf("section [%s] is already on line %d; put its settings together", k.name(), first)}
	}
	w.seen["["+k.name()] = k.line
	return nil
}

// keyValue adds a key, or those of an inline table.
func (w *tomlWalk) keyValue(table []string, e *unstable.Node) error {
	k := w.key(table, e)
	if e.Value().Kind == unstable.InlineTable {
		for below := e.Value().Children(); below.Next(); {
			if err := w.keyValue(k.path, below.Node()); err != nil {
				return err
			}
		}
		return nil
	}
	if first, twice := w.seen[k.name()]; twice && !w.inList {
		return &lineError{k.line, fmt.Errorf("%s is already set on line %d; remove one of the two", k.name(), first)}
	}
	w.seen[k.name()] = k.line
	w.keys = append(w.keys, k)
	return nil
}

// key returns the key of an expression in a table.
func (w *tomlWalk) key(table []string, e *unstable.Node) tomlKey {
	k := tomlKey{path: append([]string(nil), table...)}
	for names := e.Key(); names.Next(); {
		if k.line == 0 {
			k.line = w.line(names.Node().Raw)
		}
		k.path = append(k.path, string(names.Node().Data))
	}
	return k
}
