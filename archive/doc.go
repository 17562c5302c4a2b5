// Package archive keeps old days of large tenants in a database of the site, where they stay searchable and provable.
//
// A whole UTC day is shipped under a number of its own, its attempt: the rows of attempts that the log has not recorded do not exist for readers,
// so that whatever a broken-off attempt left behind is neither found nor counted. Before an answer is taken from a server it is asked whether it holds all
// rows of the days in question, and every leaf that it returns is checked against the hash that the log kept.
package archive
