module oplog

go 1.26
