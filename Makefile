# make test    all tests; installs what they need
# make ci      everything that must hold before a change lands, tests included
# make dev     the program with demo data and the console, both with live reload
# make console the console, built into frontend/dist
# make bench   figures: queries over a million entries, 64 senders, exports
# make fuzz    random inputs to what reads searches, ids, entries and files

GO = CGO_ENABLED=0 go
LINT = go tool -modfile=tools/go.mod golangci-lint
BIN = $(CURDIR)/bin

.PHONY: ci test commits lint cross vulnerabilities test-go test-console test-dist test-e2e build console types dev bench fuzz

test: lint test-go test-console test-dist test-e2e

ci: commits cross vulnerabilities test

# Messages of the commits that have not landed yet.
commits:
	tools/commits

cross:
	for system in windows darwin; do GOOS=$$system $(GO) build ./... && GOOS=$$system $(GO) vet ./... || exit 1; done

vulnerabilities:
	tools/vulnerabilities

lint:
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	$(LINT) run --allow-parallel-runners ./...

# The race detector needs cgo; the product does not.
test-go:
	go test -race ./...

test-console: frontend/node_modules types
	cd frontend && npm run --silent check
	git diff --exit-code --stat -- frontend/src/model/api/schema.gen.ts

# The committed console must be the one that the sources build. It is built once
# per landing, so this is no check for each change.
test-dist: console
	git diff --exit-code --stat -- frontend/dist || { echo 'frontend/dist differs from its sources: commit what make console built'; exit 1; }

test-e2e: build frontend/node_modules
	tools/browser
	cd frontend && OPLOG=$(BIN)/oplog npx --no-install playwright test

build:
	$(GO) build -trimpath -o $(BIN)/oplog .

console: frontend/node_modules types
	cd frontend && npm run --silent build

# The console's wire types, from the program's own OpenAPI document.
types: frontend/node_modules
	go run . openapi > frontend/openapi.json
	cd frontend && npm run --silent types

frontend/node_modules: frontend/package-lock.json
	cd frontend && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --silent
	touch $@

# The page is at the address that vite prints; it reloads as the console is
# changed. The program is restarted when a Go file changes.
dev: frontend/node_modules
	tools/dev

bench:
	$(GO) test ./journal ./exports/... ./trail ./storage ./search ./server ./demo -run '^$$' -bench . -timeout 30m

fuzz:
	go test ./oplog -run '^$$' -fuzz FuzzParseSearch -fuzztime 5m
	go test ./oplog -run '^$$' -fuzz FuzzKeyOfID -fuzztime 5m
	go test ./storage -run '^$$' -fuzz 'FuzzDecode$$' -fuzztime 5m
	go test ./storage -run '^$$' -fuzz FuzzDecodeQuickly -fuzztime 5m
	go test ./server -run '^$$' -fuzz FuzzReadBatch -fuzztime 5m
	go test ./exports/formats -run '^$$' -fuzz FuzzVerify -fuzztime 5m
	go test ./exports/formats -run '^$$' -fuzz FuzzRead -fuzztime 5m
