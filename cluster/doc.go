// Package cluster replicates a log over three or five nodes by Raft. Each node is a whole log: a store, which is the source of truth there, and
// an index. A [Node] joins one to the others, and its [Store] is the store that services write to.
//
// A node has a directory cluster/ beside its store:
//
//	node.json      who the node is: a random id, never that of a machine or an address
//	ca.crt ca.key  the authority of the cluster, which every node has, so that each renews its own certificate
//	node.crt node.key  the certificate between nodes
//	raft.db        the replicated log, and what this node voted
//	raft.tail      the last records of that log, until they are moved to raft.db
//	snapshot.json  the position of the last snapshot; the store itself is its content
//	received/      a copy of another node's store while it is received
//
// Nodes reach each other at one port, with mutual TLS 1.3 (port.go). A new node joins by a token, once (token.go, join.go).
package cluster
