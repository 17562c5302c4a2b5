#!/bin/sh
# Creates the user that the service runs as, before its files are unpacked.
set -e
getent group oplog >/dev/null || groupadd --system oplog
getent passwd oplog >/dev/null || useradd --system --gid oplog --home-dir /var/lib/oplog --no-create-home --shell /usr/sbin/nologin --comment 'oplog server' oplog
