#!/bin/sh
# Stops the service before a removal, but not before an upgrade. dpkg passes "remove", rpm 0.
set -e
if [ "$1" = remove ] || [ "$1" = 0 ]; then
  if [ -d /run/systemd/system ]; then systemctl disable --now oplog.service; fi
fi
