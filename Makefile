# make test    run all tests; installs what they need
# make ci      run all checks that must pass before a change lands, tests included
# make dev     run the program with demo data and the console, both with live reload
# make console build the console into frontend/dist
# make release build bin/release: the program for all platforms, packages, SBOMs, sums (VERSION=1.2.0)
# make reproducible
#              build a release for linux/amd64 twice, the second time with nothing compiled before, and compare
# make licenses
#              collect the licenses of the dependencies, after a change of go.mod or package.json
# make bench   benchmark queries over a million entries, 64 senders, exports
# make fuzz    fuzz the parsers of searches, ids, entries and files
# make crash   kill the program and make its system calls fail, 500 times; needs strace
# make powercut
#              cut the power under ext4 and XFS 15 and 8 times; needs root
# make onprem  install, configure, run under systemd, serve behind nginx, watch, back up under load, upgrade and restore a release; needs root and Debian
# make cluster kill nodes of three 500 times, cut their network, disks and power, replace and upgrade them, and measure them beside a single one;
#              needs root (CLUSTER=50 for fewer kills, CLUSTER_SOAK=5m for less than an hour of load)
# make soak    load the program for 30 minutes (SOAK=3m for less), and plot what it uses to bin/soak.svg
# make test-archive
#              test the archive on ClickHouse as a library, which npm downloads (546 MB)
# make archive test the archive on a cluster of Debian's ClickHouse 18.16 with ZooKeeper: kill all of it at every step, archive 20 million entries, and compare memory
#              (ARCHIVE_ROWS=200000 for fewer)
# make sim     run 10,000 seeds of the simulation of crashes and failing disks
# make test-windows
#              run the program for Windows under Wine: the main job, exports, verify, backup and restore, and the service
# make test-firefox
#              run the browser tests of the main job in Firefox ESR
# make attack  flood a server with hostile connections; report its memory, and how fast it answers others

GO = CGO_ENABLED=0 go
LINT = go tool -modfile=tools/go.mod golangci-lint
BIN = $(CURDIR)/bin

.PHONY: release reproducible licenses ci test commits lint cross vulnerabilities test-go test-archive archive test-openapi test-dashboard test-console test-dist test-e2e build console types dev bench fuzz attack crash powercut sim soak cluster onprem test-windows test-firefox

test: lint test-go test-openapi test-dashboard test-console test-dist test-e2e

ci: commits cross vulnerabilities test test-archive

# Checks the messages of commits that have not landed yet.
commits:
	tools/commits

cross:
	for system in windows darwin; do GOOS=$$system $(GO) build ./... && GOOS=$$system $(GO) vet ./... || exit 1; done

vulnerabilities:
	tools/vulnerabilities

lint:
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	$(LINT) run --allow-parallel-runners ./...

# Only the race detector needs cgo.
test-go:
	go test -race -timeout 30m ./...
	$(GO) test ./storage -run Simulation

# Where ClickHouse as a library cannot be had, the tests say so and are skipped.
test-archive:
	cd tools/clickhouse && npm ci --no-audit --no-fund --silent && $(GO) build -o $(BIN)/clickhouse .
	library=$$(ls $(CURDIR)/tools/clickhouse/node_modules/@chdb/lib-*/libchdb.so) || echo 'chdb is missing: the archive is not tested on ClickHouse'; \
	OPLOG_CLICKHOUSE=$${library:+$(BIN)/clickhouse} OPLOG_CLICKHOUSE_LIBRARY=$$library $(GO) test ./archive/... -count 1 -timeout 15m

# The OpenAPI document follows the rules of redocly lint; neither telemetry nor a look for updates leaves this machine.
test-openapi: tools/openapi/node_modules
	$(GO) run . openapi > tools/openapi/openapi.json
	cd tools/openapi && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npm run --silent lint

# The dashboard follows the schema of Grafana, as the SDK has it.
test-dashboard:
	cd tools/grafana && $(GO) run . ../../packaging/watching/grafana-dashboard.json

tools/openapi/node_modules: tools/openapi/package-lock.json
	cd tools/openapi && npm ci --no-audit --no-fund --silent
	touch $@

test-console: frontend/node_modules types
	cd frontend && npm run --silent check
	git diff --exit-code --stat -- frontend/src/model/api/schema.gen.ts

# The committed console must match its sources. It is built once per landing, not
# per change.
test-dist: console
	git diff --exit-code --stat -- frontend/dist || { echo 'frontend/dist differs from its sources: run make console and commit the result'; exit 1; }

test-e2e: build frontend/node_modules test-firefox
	tools/browser
	cd frontend && OPLOG=$(BIN)/oplog npx --no-install playwright test

# Runs the spec of the main job in Firefox ESR too, unless that cannot be installed.
test-firefox: build frontend/node_modules
	tools/firefox
	! command -v "$${FIREFOX:-firefox-esr}" || { cd frontend && OPLOG=$(BIN)/oplog npx --no-install playwright test --config e2e/firefox.config.ts; }

build:
	$(GO) build -trimpath -tags nethttpomithttp2 -o $(BIN)/oplog .

release:
	$(GO) run ./packaging/release -version "$(VERSION)"

reproducible:
	OPLOG_COLD=1 $(GO) test ./packaging/release -run TwoBuilds -count 1 -timeout 30m -v

licenses: frontend/node_modules
	$(GO) run ./packaging/release licenses

console: frontend/node_modules types
	cd frontend && npm run --silent build

# Generates the console's wire types from the program's OpenAPI document.
types: frontend/node_modules
	go run . openapi > frontend/openapi.json
	cd frontend && npm run --silent types

frontend/node_modules: frontend/package-lock.json
	cd frontend && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --silent
	touch $@

# Open the URL that vite prints. The page reloads when the console changes, and
# the program restarts when a Go file changes.
dev: frontend/node_modules
	tools/dev

bench:
	$(GO) test ./journal ./exports/... ./trail ./storage ./search ./server ./demo -run '^$$' -bench . -timeout 30m

attack:
	$(GO) build -trimpath -o $(BIN)/oplog .
	OPLOG=$(BIN)/oplog $(GO) test ./cli -run '^$$' -bench Attack -benchtime 1x -timeout 10m

crash: build
	OPLOG=$(BIN)/oplog OPLOG_CRASH=500 $(GO) test ./crashtest -run 'SystemCalls|Order' -parallel 4 -count 1 -timeout 60m -v

powercut: build
	command -v mkfs.xfs || apt-get install -y xfsprogs || echo 'mkfs.xfs is missing: XFS is left out'
	OPLOG=$(BIN)/oplog OPLOG_POWERCUT=15 $(GO) test ./crashtest -run PowerCut -count 1 -timeout 30m -v

CLUSTER = 500
CLUSTER_SOAK = 1h
cluster: build
	command -v ip || apt-get install -y iproute2 || echo 'ip is missing: networks are not cut'
	OPLOG=$(BIN)/oplog OPLOG_CLUSTER=$(CLUSTER) OPLOG_CLUSTER_SOAK=$(CLUSTER_SOAK) $(GO) test ./crashtest -run '^TestNodes.' -count 1 -timeout 3h -v

# Where Debian's packages cannot be had, the tests say so and are skipped.
ARCHIVE_ROWS = 20000000
archive: build
	tools/debian-clickhouse $(BIN)/debian-clickhouse
	OPLOG=$(BIN)/oplog OPLOG_CLICKHOUSE_CLUSTER=$(BIN)/debian-clickhouse OPLOG_CLICKHOUSE_ROWS=$(ARCHIVE_ROWS) $(GO) test ./archive/clickhouse ./crashtest -run 'OnCluster|^TestArchive' -p 1 -count 1 -timeout 4h -v

onprem:
	$(GO) run ./packaging/release -target linux/$$(go env GOARCH) -version 1.0.0 -out $(BIN)/onprem/old
	$(GO) run ./packaging/release -target linux/$$(go env GOARCH) -version 1.1.0 -out $(BIN)/onprem/new
	OPLOG_ONPREM=$(BIN)/onprem $(GO) test ./packaging/onprem -run 'OnPremises|Systemd' -count 1 -timeout 30m -v

SOAK = 30m
soak: build
	OPLOG=$(BIN)/oplog OPLOG_SOAK=$(SOAK) OPLOG_SOAK_SVG=$(BIN)/soak.svg $(GO) test ./crashtest -run Soak -count 1 -timeout 2h -v

sim:
	tools/sim

test-windows:
	tools/wine
	GOOS=windows GOARCH=amd64 $(GO) build -trimpath -o $(BIN)/oplog.exe .
	OPLOG=$(BIN)/oplog.exe OPLOG_WINE=1 $(GO) test ./crashtest -run Windows -count 1 -timeout 20m -v

fuzz:
	go test ./oplog -run '^$$' -fuzz FuzzParseSearch -fuzztime 5m
	go test ./oplog -run '^$$' -fuzz FuzzKeyOfID -fuzztime 5m
	go test ./storage -run '^$$' -fuzz 'FuzzDecode$$' -fuzztime 5m
	go test ./storage -run '^$$' -fuzz FuzzFastDecode -fuzztime 5m
	go test ./server -run '^$$' -fuzz FuzzReadBatch -fuzztime 5m
	go test ./exports/formats -run '^$$' -fuzz FuzzVerify -fuzztime 5m
	go test ./exports/formats -run '^$$' -fuzz FuzzRead -fuzztime 5m
	go test ./identity/ldap -run '^$$' -fuzz FuzzEscaping -fuzztime 5m
