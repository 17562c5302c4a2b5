// Command clickhouse is ClickHouse for tests: the library chdb behind ClickHouse's HTTP interface, as far as package archive/clickhouse uses it.
// It prints its address, and runs until it is killed.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
)

func main() {
	library := flag.String("library", "node_modules/@chdb/lib-linux-x64-gnu/libchdb.so", "path of libchdb.so")
	data := flag.String("data", "", "data directory")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	user, password := flag.String("user", "oplog", "user name"), flag.String("password", "secret", "password")
	flag.Parse()
	e, err := open(*library, *data, 8)
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", ln.Addr())
	log.Fatal(http.Serve(ln, &server{e, *user, *password})) //nolint:gosec // a test's server
}

type server struct {
	engine         *engine
	user, password string
}

var (
	insertion = regexp.MustCompile(`(?is)^\s*(INSERT\s+INTO\s.*?)\s+FORMAT\s+(\w+)\s*$`)
	errorCode = regexp.MustCompile(`Code: (\d+)`)
	// notSettings are parameters of the HTTP interface itself.
	notSettings = map[string]bool{"query": true, "database": true, "default_format": true, "wait_end_of_query": true, "query_id": true}
)

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if user, password, _ := r.BasicAuth(); user != s.user || password != s.password {
		fail(w, http.StatusForbidden, "516", "Code: 516. DB::Exception: Authentication failed")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, http.StatusBadRequest, "1002", err.Error()) // unlike a server, which inserts what came
		return
	}
	statement, done, err := statementOf(r.URL.Query().Get("query"), body)
	defer done()
	var result []byte
	if err == nil {
		format := cmp.Or(r.URL.Query().Get("default_format"), "TabSeparated")
		w.Header().Set("X-ClickHouse-Format", format)
		result, err = s.engine.run(statement, settingsOf(r.URL.Query()), format)
	}
	if err != nil {
		code := "0"
		if m := errorCode.FindStringSubmatch(err.Error()); m != nil {
			code = m[1]
		}
		fail(w, http.StatusInternalServerError, code, err.Error())
		return
	}
	_, _ = w.Write(result)
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-ClickHouse-Exception-Code", code)
	http.Error(w, message, status)
}

// statementOf joins a query and a body. The body of an insertion goes through a file, which done removes: the library ends inline data at an empty line.
func statementOf(query string, body []byte) (statement []byte, done func(), err error) {
	done = func() {}
	m := insertion.FindStringSubmatch(query)
	if m == nil || len(body) == 0 {
		return append([]byte(query+"\n"), body...), done, nil
	}
	f, err := os.CreateTemp("", "clickhouse-")
	if err != nil {
		return nil, done, err
	}
	done = func() { _ = os.Remove(f.Name()) }
	if _, err = f.Write(body); err == nil {
		err = f.Close()
	}
	return fmt.Appendf(nil, "%s FROM INFILE '%s' COMPRESSION 'none' FORMAT %s", m[1], f.Name(), m[2]), done, err
}

// settingsOf returns the parameters that are settings of the query.
func settingsOf(parameters url.Values) map[string]string {
	settings := map[string]string{}
	for name, values := range parameters {
		if !notSettings[name] {
			settings[name] = values[0]
		}
	}
	return settings
}
