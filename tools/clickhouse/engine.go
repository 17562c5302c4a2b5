package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// engine is ClickHouse as a library: libchdb.so with some connections, each of which runs a statement at a time.
type engine struct {
	connections chan uintptr

	query                      func(connection uintptr, text unsafe.Pointer, length uintptr, format unsafe.Pointer, formatLength uintptr) uintptr
	resultBuffer, resultLength func(result uintptr) uintptr
	resultError                func(result uintptr) string
	destroy                    func(result uintptr)
}

// open loads the library and opens connections to a data directory.
func open(library, data string, connections int) (*engine, error) {
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	e := &engine{connections: make(chan uintptr, connections)}
	var connect func(count int32, arguments unsafe.Pointer) *uintptr
	var setSignals func(on int32)
	for name, function := range map[string]any{
		"chdb_connect": &connect, "chdb_set_signal_handlers_enabled": &setSignals, "chdb_query_n": &e.query, "chdb_result_buffer": &e.resultBuffer,
		"chdb_result_length": &e.resultLength, "chdb_result_error": &e.resultError, "chdb_destroy_query_result": &e.destroy,
	} {
		purego.RegisterLibFunc(function, handle, name)
	}
	setSignals(0) // those of Go stay
	arguments := []unsafe.Pointer{text("clickhouse"), text("--path=" + data)}
	for range connections {
		c := connect(int32(len(arguments)), unsafe.Pointer(&arguments[0]))
		if c == nil {
			return nil, errors.New("the library opens no connection to " + data)
		}
		e.connections <- *c
	}
	return e, nil
}

// text returns a string as C has it.
func text(s string) unsafe.Pointer {
	b := append([]byte(s), 0)
	return unsafe.Pointer(&b[0])
}

// run runs a statement with settings, and returns its result in a format.
func (e *engine) run(statement []byte, settings map[string]string, format string) ([]byte, error) {
	c := <-e.connections
	defer func() { e.connections <- c }()
	for name, value := range settings {
		set := fmt.Appendf(nil, "SET %s = '%s'", name, strings.ReplaceAll(value, "'", `\'`))
		if _, err := e.runOn(c, set, "Null"); err != nil {
			return nil, err
		}
		defer e.runOn(c, fmt.Appendf(nil, "SET %s = DEFAULT", name), "Null") //nolint:errcheck // it was a setting
	}
	return e.runOn(c, statement, format)
}

func (e *engine) runOn(connection uintptr, statement []byte, format string) ([]byte, error) {
	length := len(statement)
	statement = append(statement, 0)
	r := e.query(connection, unsafe.Pointer(&statement[0]), uintptr(length), text(format), uintptr(len(format)))
	runtime.KeepAlive(statement)
	defer e.destroy(r)
	if message := e.resultError(r); message != "" {
		return nil, errors.New(message)
	}
	out := make([]byte, e.resultLength(r))
	if len(out) > 0 {
		copy(out, unsafe.Slice((*byte)(unsafe.Pointer(e.resultBuffer(r))), len(out))) //nolint:govet // memory of the library
	}
	return out, nil
}
