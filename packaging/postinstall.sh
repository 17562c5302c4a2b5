#!/bin/sh
# After an installation nothing runs until an administrator has configured it; after an upgrade the new version runs if the old one did.
# dpkg passes "configure" and the earlier version, if any; rpm the number of versions that are installed now.
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if { [ "$1" = configure ] && [ -n "$2" ]; } || [ "$1" = 2 ]; then
  if [ -d /run/systemd/system ]; then systemctl try-restart oplog.service; fi
else
  echo 'oplog is installed. Edit /etc/oplog/oplog.toml, then run: systemctl enable --now oplog'
  echo 'Until there is an account, journalctl -u oplog shows the URL that creates the first one.'
fi
