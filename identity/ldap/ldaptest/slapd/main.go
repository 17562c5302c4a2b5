// Command slapd runs a directory of package ldaptest until its standard input ends, for tests that are not in Go. It prints a line of JSON when the
// directory answers, and then obeys a line each of its input, to which it answers ok or error and the reason:
//
//	person UID PASSWORD [NAME…]   group NAME   join GROUP UID   leave GROUP UID   disable UID   enable UID
//	password UID PASSWORD   set UID ATTRIBUTE VALUE…   rename UID NEW   delete UID   hang   unhang   stop   start
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"oplog/identity/ldap/ldaptest"
)

func main() {
	var o ldaptest.Options
	flag.IntVar(&o.Port, "port", 0, "port of ldap:// on 127.0.0.1; 0 for any")
	flag.IntVar(&o.TLSPort, "tls-port", 0, "port of ldaps:// on 127.0.0.1; 0 for any")
	flag.BoolVar(&o.Anonymous, "anonymous", false, "let anybody read")
	flag.Parse()
	if err := run(o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o ldaptest.Options, in io.Reader, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "oplog-slapd")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := ldaptest.Run(dir, o)
	if err != nil {
		return err
	}
	defer func() { s.Stop() }()
	ready := map[string]string{
		"url": s.URL, "tls_url": s.TLSURL, "ca_file": s.CAFile, "bind_dn": ldaptest.SearchDN, "bind_password_file": s.SearchPasswordFile,
		"people_dn": ldaptest.PeopleDN, "groups_dn": ldaptest.GroupsDN,
	}
	if err := json.NewEncoder(out).Encode(ready); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		answer := "ok"
		if err := obey(s, strings.Fields(lines.Text())); err != nil {
			answer = "error " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return err
		}
	}
	return nil
}

// obey does what a line says.
func obey(s *ldaptest.Slapd, words []string) error {
	for len(words) < 4 {
		words = append(words, "")
	}
	dn := ldaptest.Person{UID: words[1]}.DN()
	member := ldaptest.Person{UID: words[2]}.DN()
	switch words[0] {
	case "person":
		return s.AddPerson(ldaptest.Person{UID: words[1], Password: words[2], Name: strings.TrimSpace(strings.Join(words[3:], " "))})
	case "group":
		return s.AddGroup(words[1])
	case "join":
		return s.Join(words[1], member)
	case "leave":
		return s.Leave(words[1], member)
	case "disable":
		return s.Disable(dn)
	case "enable":
		return s.Enable(dn)
	case "password":
		return s.Set(dn, "userPassword", words[2])
	case "set":
		return s.Set(dn, words[2], strings.Join(words[3:], " "))
	case "rename":
		return s.Rename(dn, "uid="+words[2], "")
	case "delete":
		return s.Delete(dn)
	case "hang":
		return s.Hang()
	case "unhang":
		return s.Unhang()
	case "stop":
		s.Stop()
		return nil
	case "start":
		return s.Resume()
	}
	return fmt.Errorf("%q is no command", words[0])
}
