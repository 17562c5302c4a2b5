package doctor

import "maps"

// kinds are all findings, by code. The console has the same texts in both languages, in checks.en.ts and checks.zh.ts of frontend/src/i18n.
var kinds = merged(ofEveryCheck, ofTheMachine, ofTheLog, ofCopies, ofTheArchive, ofSources)

func merged(parts ...map[string]kind) map[string]kind {
	all := make(map[string]kind)
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

var ofEveryCheck = map[string]kind{
	"slow": {Error, "The check had no answer within {limit:duration}", "A disk or a network share may hang: look at the mounts of this machine."},
	"failed": {
		Error, "The check could not be made: {error}",
		"Run oplog verify, and look at the log of the service.",
	},
}

const (
	freeSpace       = "Delete exports, move other files away, or enlarge the disk."
	ownCertificate  = "Replace it; a restart is not necessary. oplog tls init --renew renews one that oplog tls init made."
	pemFiles        = "Specify PEM files of a certificate and its key with --tls-cert and --tls-key."
	indexIsRebuilt  = "The next start builds that part again from the store; searches wait until then."
	correctTheClock = "Correct the clock, and let a time server keep it right: operations are received under its time."
)

var ofTheMachine = map[string]kind{
	"server-running": {OK, "The server runs on {dir}, and made these checks", ""},
	"server-stopped": {OK, "No server runs on {dir}", ""},
	"server-unreachable": {
		Warning, "A server may run on {dir}; its log could not be checked: {error}",
		"Run oplog doctor as the user of that server, or as root.",
	},
	"server-busy": {
		Warning, "A server on {dir} is starting, or another command has the log open",
		"Wait, look at the log of the service, and run oplog doctor again.",
	},
	"server-other-user": {Warning, "These checks were made as {user}; the server runs as {owner}", "Run them as that user: sudo -u {owner} oplog doctor."},

	"disk-free":     {OK, "{free:bytes} of {total:bytes} are free on the disk of {dir}; the last {reserve:bytes} are for recording alone", ""},
	"disk-low":      {Warning, "Only {free:bytes} of {total:bytes} are free on the disk of {dir}; the last {reserve:bytes} are for recording alone", freeSpace},
	"disk-reserved": {Error, "Only {free:bytes} are free on the disk of {dir}, less than the {reserve:bytes} for recording alone: reading, exports and backups are rejected", freeSpace},
	"disk-full":     {Error, "The disk of {dir} is full ({free:bytes} are free): nothing can be recorded", freeSpace},
	"disk-unknown":  {Warning, "How much is free on the disk of {dir} is not known: {error}", "Check that the disk is mounted."},

	"rights-good":         {OK, "{user} can use {dir}, and other users of this machine cannot", ""},
	"rights-new":          {OK, "{dir} does not exist yet; the first start creates it", ""},
	"rights-parent":       {Error, "{dir} does not exist, and {user} may not create it", "Create it as an administrator, and make {user} its owner."},
	"rights-no-directory": {Error, "{dir} is not a directory", "Specify a directory with --data."},
	"rights-read-only":    {Error, "{path} is on a read-only file system", "Mount it so that it can be written, or specify another directory with --data."},
	"rights-forbidden":    {Error, "{path} belongs to {owner}, and {user} may not read and change it", "Run oplog as {owner}, or run chown -R {user} {dir}."},
	"rights-mixed":        {Error, "{path} belongs to {owner}, and its directory to {dir_owner}, whose server cannot use it", "Run chown -R {dir_owner} {dir}."},
	"rights-open":         {Warning, "Other users of this machine can read {path} (mode {mode})", "Run chmod go= {path}."},
	"rights-unreadable":   {Error, "{dir} cannot be read: {error}", "Check the disk, and whether it is mounted."},

	"key-kept":       {OK, "The signing key is in {path}, and only its owner can read it", ""},
	"key-command":    {OK, "A command signs; there is no signing key on this disk", ""},
	"key-missing":    {Error, "{path} is missing: backups do not contain the signing key", "Copy it from the original data directory, or from where it is kept. If it is lost for good, begin a new one with oplog key rotate --lost."},
	"key-unreadable": {Error, "{user} may not read the signing key {path}", "Make {user} its owner: chown {user} {path}."},
	"key-setting":    {Error, "The key was replaced while the server ran, and its sign-command is another one: the next start fails, or nothing can be signed after it", "Set sign-command to the command that signs now; remove it if signing.key does."},
	"key-unusable":   {Error, "Nothing can be signed: {error}", "Do what this says. Until then the server does not start."},
	"key-open":       {Error, "Others can read the signing key {path} (mode {mode}): with it, anyone can sign a forged log", "Run chmod go= {path}. If others may have read it, replace it with oplog key rotate."},

	"port-open":      {OK, "The server listens on {address}", ""},
	"port-free":      {OK, "The server can listen on {address}", ""},
	"port-in-use":    {Error, "Another program listens on {address}, perhaps another oplog", "Stop that program, or specify another address with --{flag}."},
	"port-forbidden": {Error, "{user} may not listen on {address}", "Ports below 1024 are for privileged programs: allow it (on Linux, setcap cap_net_bind_service=+ep on the program), or specify another address with --{flag}."},
	"port-unusable":  {Error, "The server cannot listen on {address}: {error}", "Specify an address of this machine with --{flag}, such as 127.0.0.1:8484."},
	"port-refused":   {Error, "Other machines could connect to {address} without HTTPS, so the server does not start", "Specify --tls-cert and --tls-key (oplog tls init makes both), or listen on 127.0.0.1 behind a reverse proxy."},
	"port-plain":     {Warning, "Other machines can connect to {address} without HTTPS: passwords and operations can be read in the network", "Specify --tls-cert and --tls-key (oplog tls init makes both), or listen on 127.0.0.1 behind a reverse proxy."},

	"certificate-none":       {OK, "The server has no certificate; a reverse proxy may have one", ""},
	"certificate-valid":      {OK, "The certificate {file} is for {names}, and valid until {until:time}", ""},
	"certificate-expiring":   {Warning, "The certificate {file} expires in {left:duration}, at {until:time}", ownCertificate},
	"certificate-expired":    {Error, "The certificate {file} expired at {until:time}", ownCertificate},
	"certificate-early":      {Error, "The certificate {file} is only valid from {from:time}, and the clock shows {clock:time}", "Check the clock of this machine."},
	"certificate-missing":    {Error, "There is no file {file}", pemFiles},
	"certificate-unreadable": {Error, "{user} may not read {file}", "Make the file readable for {user}."},
	"certificate-key-open":   {Error, "Every user of this machine can read the key {file}", "Run chmod o= {file}, and replace the certificate if others may have read its key."},
	"certificate-wrong-key":  {Error, "The certificate {file} cannot be used with the key {key}: {error}", pemFiles},
	"certificate-other-name": {Error, "The certificate {file} is for {names}, and not for {others}", "Get a certificate for that name, or specify with --host the name that this one is for."},
	"certificate-some-names": {Warning, "The certificate {file} is for {names}; browsers reject it at {others}", "Add these names to the certificate."},

	"nodes-reached":     {OK, "This node reaches all of the {number} nodes of the log; the one at {leader} leads", ""},
	"nodes-unreachable": {Warning, "Nodes that cannot be reached: {nodes}", "Start them, and let the nodes connect to each other at these addresses. One that is gone for good is removed with oplog cluster remove."},
	"nodes-no-leader":   {Error, "No node leads, so nothing can be recorded", "Start the other nodes, or repair the network between them. If most are gone for good, see oplog cluster recover."},
	"nodes-clock":       {Warning, "The clocks of this machine and of the node that leads, at {leader}, differ by {difference:duration}", "Correct the clock that is wrong, and let a time server keep all of them right."},
	"nodes-certificate": {Warning, "The certificate with which this node meets the others is valid until {until:time}, and was not renewed", "Check the clock and the disk of this machine, and restart the node, which renews it."},

	"files-enough": {OK, "The server may open {limit} files", ""},
	"files-few":    {Warning, "The server may open only {limit} files, which bounds how many people and programs can connect", "Allow {wanted} (LimitNOFILE of the systemd unit, or ulimit -n)."},
	"files-own":    {OK, "There is no limit of open files", ""},

	"memory-set":     {OK, "The server stays within {limit:bytes} of the {machine:bytes} that this machine or container has", ""},
	"memory-unknown": {OK, "How much memory this machine has is not known", ""},
	"memory-over":    {Warning, "The server may use {limit:bytes}, and this machine or container has only {machine:bytes}", "Lower --memory-limit to three quarters of that at most, or leave it out."},
	"memory-little":  {Warning, "This machine or container has only {machine:bytes}", "Give it 512 MiB at least."},
}

var ofTheLog = map[string]kind{
	"clock-near":   {OK, "The clock shows {clock:time}, in agreement with the log", ""},
	"clock-behind": {Warning, "The clock shows {clock:time}, but the log received an operation at {newest:time}", correctTheClock},
	"clock-ahead":  {Warning, "The clock shows {clock:time}, {ahead:duration} after the log was last used", "If the server was stopped that long, all is well. Otherwise correct the clock before you start it."},
	"clock-waits":  {Error, "The clock shows {clock:time}, but by the log it should be about {known:time}: expired entries are not deleted", "Correct the clock. If it is right, an owner confirms that under Settings › Retention."},

	"format-current":    {OK, "The store has format {version}, the newest of this program", ""},
	"format-new":        {OK, "There is no log in {dir} yet; the first start creates one", ""},
	"format-older":      {Warning, "The store has format {version}; the next start migrates it to format {newest}", "Back up first, and leave {need:bytes} free: a copy in the old format is kept. An earlier oplog cannot open the new one."},
	"format-start":      {Warning, "The log cannot be checked before a server has opened it: {error}", "Start the server, which migrates the log or rolls back what a crash interrupted. Then run oplog doctor again."},
	"format-unreadable": {Error, "The log cannot be opened: {error}", "Do what this says. Keep the data directory as it is until the log is restored elsewhere."},

	"store-sound":          {OK, "No damage was found; all pages and entries were last checked at {at:time}", ""},
	"store-unchecked":      {OK, "No damage was found; the first check of all pages and entries has not ended yet", ""},
	"store-opened":         {OK, "No damage was found where the log was read; oplog verify reads all of it", ""},
	"store-unwatched":      {Warning, "No damage was found, but nothing is checked in the background", "Leave --scrub-every out, or specify one such as 168h."},
	"store-read-only":      {Error, "Nothing can be recorded: {error}", "Free some space, or check the disk. If the log does not go on by itself then, restart the server."},
	"store-damaged":        {Error, "The store is damaged: {error}", "Check the disk, run oplog verify, and restore a backup to a new directory if entries are affected. Keep the damaged one."},
	"store-record-damaged": {Error, "Damaged in the store are records of archived days or of deletions: {records}", "Restore a backup to a new directory, and keep the damaged one. Days that a deletion had, the access log tells meanwhile, if it has them."},
	"store-days-unknown":   {Error, "Nobody knows whether the operations of these days are here, archived or deleted, since the records of the days are damaged: {days}", "Restore a backup to a new directory. Until then these days take no operations, are not shown, and stay as they are; all others can be used."},
	"store-missing":        {Error, "Acknowledged operations are missing, or may be: {error}", "Restore a backup that has them to a new directory. Without one, oplog serve --accept-loss starts without them, and records that."},

	"index-ready":    {OK, "The index has caught up; it takes {bytes:bytes}", ""},
	"index-complete": {OK, "The index takes {bytes:bytes}; operations that the next start adds to it: {behind}", ""},
	"index-behind":   {Warning, "The index is catching up: {error}", "Wait: until then, searches are rejected or incomplete. If it does not advance, run oplog reindex."},
	"index-outdated": {Warning, "Tenants whose index is of another version of oplog: {tenants}", indexIsRebuilt},
	"index-lost":     {Warning, "Missing or shortened files of the index: {files}", indexIsRebuilt},
}

var ofCopies = map[string]kind{
	"backup-none":          {Warning, "No backup was ever made", "Have them made with --backup-dir, best on another machine's disk, and --backup-every 24h; or run oplog backup FILE."},
	"backup-made":          {OK, "The last backup was made at {at:time}", ""},
	"backup-old":           {Warning, "The last backup was made at {at:time}, {age:duration} ago", "Make one now, and have them made with --backup-dir and --backup-every 24h."},
	"backup-proved":        {OK, "The last backup that was proved restorable was made at {at:time}, with {entries} entries", ""},
	"backup-unproved":      {Warning, "No backup has been proved restorable yet", "Wait for the first one, or choose Back up now under Settings › System."},
	"backup-due":           {Error, "No backup has been proved restorable yet, though one is wanted every {every:duration}", "Choose Back up now under Settings › System, and see there why it fails."},
	"backup-overdue":       {Error, "The last backup that was proved restorable was made at {at:time}, though one is wanted every {every:duration}", "Choose Back up now under Settings › System, and see there why it fails."},
	"backup-failed":        {Error, "The last backup failed at {at:time}: {error}", "The server tries again by itself; Back up now under Settings › System tries at once."},
	"backup-dir-gone":      {Error, "The backup directory {dir} does not exist", "Mount or create it."},
	"backup-dir-no-dir":    {Error, "The backup directory {dir} is a file", "Specify a directory with --backup-dir."},
	"backup-dir-read-only": {Error, "The backup directory {dir} is on a read-only file system", "Mount it so that it can be written."},
	"backup-dir-forbidden": {Error, "{user} may not write to the backup directory {dir}", "Give {user} the right to."},
	"backup-dir-failed":    {Error, "The backup directory {dir} cannot be used: {error}", "Check the disk or the network share."},
	"backup-dir-small":     {Error, "The backup directory {dir} has {free:bytes} free, and a backup takes {need:bytes}", "Free some space in it, or keep fewer backups."},

	"anchors-none":      {Warning, "Checkpoints stay on this machine: only what is kept elsewhere can show that the log was rewritten", "Specify --anchor with a folder off this machine, or --witness."},
	"anchors-witnessed": {OK, "Checkpoints are kept by witnesses, and in no folder", ""},
	"anchors-ready":     {OK, "The folder {dir} is there for checkpoints", ""},
	"anchors-kept":      {OK, "The folder {dir} has the newest checkpoints; the last one was written at {at:time}", ""},
	"anchors-gone":      {Error, "The folder {dir} for checkpoints does not exist", "Mount it. oplog never creates it, so that nothing is written where a drive is missing."},
	"anchors-no-dir":    {Error, "{dir}, which is to be the folder for checkpoints, is a file", "Specify a folder with --anchor."},
	"anchors-read-only": {Error, "The folder {dir} for checkpoints is on a read-only file system", "Mount it so that files can be added."},
	"anchors-forbidden": {Error, "{user} may not add files to the folder {dir} for checkpoints", "Give {user} the right to."},
	"anchors-failed":    {Error, "No checkpoints can be written to {dir}: {error}", "Check the drive or the network share. A folder that another log uses, or that proves more than this log has, needs a person to look at it."},

	"witnesses-none":        {OK, "No witness cosigns the checkpoints", ""},
	"witnesses-agree":       {OK, "{name} cosigned the checkpoints at {at:time}", ""},
	"witnesses-asked":       {OK, "{name} was not asked to cosign since the start", ""},
	"witnesses-reachable":   {OK, "{name} can be reached at {url}", ""},
	"witnesses-silent":      {Error, "{name} at {url} has not answered since {since:time}: {error}", "Ask its operator whether it runs. Recording is not affected."},
	"witnesses-refused":     {Error, "{name} at {url} rejects the checkpoints: {error}", "Leave this machine as it is, and tell the auditors: this log does not continue what the witness saw. A restored backup has that effect, too."},
	"witnesses-unreachable": {Warning, "{name} cannot be reached at {url}: {error}", "Check the network, and ask its operator whether it runs."},
	"witnesses-invalid":     {Error, "A witness is not valid: {error}", "Specify --witness with the verifier key that the witness prints, and its URL."},
}
