#!/bin/sh
# The log and its user stay, even when the package is purged: nobody wants to lose a log with the program that wrote it.
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if { [ "$1" = remove ] || [ "$1" = 0 ]; } && [ -n "$(ls -A /var/lib/oplog 2>/dev/null)" ]; then
  echo 'The data in /var/lib/oplog was kept.'
fi
