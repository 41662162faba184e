# Tisara's commands. `make run` and `make test` do all the set-up there is.
.DEFAULT_GOAL := help
.PHONY: help run test clients api-check check bench bench-emulator bench-micro torture fuzz fmt simulate

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo "ARGS=… is handed on, as in: make run ARGS='--contacts 10000 --pace max'"

run: ## Build, then show everything on this machine: emulator, server, a campaign, its report
	@scripts/need rust cc
	cargo run --release --package tisara -- demo $(ARGS)

test: ## All tests, on SQLite and on a PostgreSQL of their own; pages in a Chromium
	@scripts/need rust cc chromium
	scripts/with-postgres cargo test --workspace $(ARGS)

clients: ## Other people's clients (Node.js, Python) against the emulator; ARGS='python' runs one suite
	@scripts/need rust cc
	tests/clients/run $(ARGS)

api-check: ## Made-up requests at every route of openapi.json, on both databases; ARGS=sqlite for one. Needs Python
	@scripts/need rust cc
	scripts/api-check $(ARGS)

check: ## Formatting, lints, documents, the arrows between the crates
	@scripts/need rust cc rustfmt clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet
	scripts/check-architecture

simulate: ## SEEDS histories of the engine, the program dying at any commit; a hundredth on PostgreSQL (SEED=7: that one)
	@scripts/need rust cc
	scripts/with-postgres cargo test --release --package tisara-engine --lib simulation::campaigns_survive_every_history -- --nocapture --test-threads=1
simulate: export SEEDS ?= 10000

bench: ## Measure everything against its target, on both databases; BENCH=quick: a tenth of the size
	@scripts/need rust cc
	cargo build --release --package tisara --package tisara-bench
	scripts/with-postgres target/release/bench $(if $(filter quick,$(BENCH)),--quick) $(ARGS)

LOAD = target/release/examples/load
bench-emulator: ## The emulator alone on one core, over real sockets: accepted sends a second, memory a message
	@scripts/need rust cc
	cargo build --release --package tisara-emulator --example load
	taskset -c 1 $(LOAD) "taskset -c 0 $(LOAD) serve" $(ARGS)
	taskset -c 1 $(LOAD) "taskset -c 0 $(LOAD) serve" --pipeline 16 $(ARGS)
	taskset -c 1 $(LOAD) "taskset -c 0 $(LOAD) serve" --pipeline 16 --webhooks $(ARGS)

bench-micro: ## What one webhook, one send, one phone number costs; under a minute once built
	@scripts/need rust cc
	cargo bench --package tisara-cloud-api --package tisara-domain --bench hot -- $(ARGS)

KILLS ?= 10
RECIPIENTS ?= 4000
DATABASE ?= sqlite
torture: ## Kill the server again and again while it works: KILLS=50 RECIPIENTS=20000 DATABASE=sqlite|postgres SEED=…
	@scripts/need rust cc
	scripts/torture $(KILLS) $(RECIPIENTS) $(DATABASE) $(SEED)

fuzz: ## Random input for FUZZ_SECONDS=60 each: webhook parser, requests of forms, checks of messages, the emulator's sends
	@scripts/need rust cc
	fuzz/run $(ARGS)

fmt: ## Format the code
	@scripts/need rust rustfmt
	cargo fmt --all
