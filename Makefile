# What people run: `make demo` and `make test`. Both do all the set-up.
SHELL := /bin/bash
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/retail-insights

# Build products live outside the checkout, so that a second clone builds fast.
export CARGO_TARGET_DIR ?= $(cache)/target
export DUCKDB_LIB_DIR := $(cache)/duckdb-1.5.5
export RETAIL_SQLITE_EXTENSION := $(DUCKDB_LIB_DIR)/sqlite_scanner.duckdb_extension
# The program finds the library wherever it is run from.
linker := $(if $(shell command -v mold),-C link-arg=-fuse-ld=mold,$(if $(shell command -v ld.lld),-C link-arg=-fuse-ld=lld,))
export RUSTFLAGS := $(linker) -C link-arg=-Wl,-rpath,$(DUCKDB_LIB_DIR)
runner := $(if $(shell command -v cargo-nextest),cargo nextest run --no-fail-fast --hide-progress-bar,cargo test)

.PHONY: build demo test lint eval bench bench-tpcds oracle mutants attacks planted-errors faulty-models bench-size fuzz schemas setup

setup:
	@scripts/fetch-duckdb.sh >/dev/null
	@scripts/fetch-extensions.sh >/dev/null
	@scripts/fetch-page-parts.sh >/dev/null

build: setup
	cargo build --locked --package cli
	@mkdir -p bin
	@ln -sf $(CARGO_TARGET_DIR)/debug/retail bin/retail.new && mv -f bin/retail.new bin/retail

demo: build
	bin/retail demo

test: build
	@scripts/serve-small-model.sh --set-up || echo "without the small model: its tests will be skipped"
	$(runner) --workspace --locked

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	python3 scripts/check-dependencies.py

eval: build
	bin/retail eval $(BOARD)

# With the profile that tests and program have: what is measured is what ships.
bench: build
	RETAIL=$(CURDIR)/bin/retail cargo bench --workspace --locked --profile dev --bench compile --bench overhead --bench checks --bench first_answer

# Compiled SQL against SQL written by hand. SCALE=factor ROUNDS=n ONLY=part-of-a-name
bench-tpcds: setup
	TPCDS_EXTENSION=$$(scripts/fetch-tpcds.sh) SCALE=$(or $(SCALE),1) ROUNDS=$(or $(ROUNDS),7) ONLY=$(ONLY) \
	  cargo bench --locked --package query --profile dev --bench tpcds

# Attacks changed at random against the guard; what passes runs beside a canary. MUTANTS=n TWINS=n CROSSED=n SEED=s
attacks: setup
	MUTANTS=$(or $(MUTANTS),100000) TWINS=$(or $(TWINS),10000) CROSSED=$(or $(CROSSED),60000) SEED=$(or $(SEED),1) \
	  cargo test --locked --package guard --test attacks --test mutations -- --nocapture

# Errors planted in true narratives, by class. ANSWERS=file of `retail ask --batch … --json`, SHOW=n of those missed
planted-errors: setup
	$(if $(ANSWERS),ANSWERS=$(ANSWERS)) SHOW=$(or $(SHOW),3) \
	  cargo test --locked --package agents --test planted_errors --test intent_mutations -- --nocapture

# Providers of models that fail in every way, drawn at random. EXCHANGES=n SEED=s
faulty-models: setup
	EXCHANGES=$(or $(EXCHANGES),2000) SEED=$(or $(SEED),1) \
	  cargo test --locked --package llm --test soak -- --nocapture

# CASES=n SEED=s JOBS=threads ENGINE=duckdb|postgres
oracle: setup
	CASES=$(or $(CASES),2000) SEED=$(or $(SEED),1) JOBS=$(or $(JOBS),1) ENGINE=$(ENGINE) \
	  cargo test --locked --package query --test oracle -- --ignored --nocapture

# Plants errors in the compiler and looks whether a test notices; needs cargo-mutants. SHARD=k/n takes
# every n-th of them.
mutants: setup
	cargo mutants --package query --file 'crates/query/src/compile/**' \
	  --shard $(or $(SHARD),0/1) --sharding round-robin --profile dev --timeout 300 --output $(CARGO_TARGET_DIR)/mutants

# Files larger than the memory that the engine may use. CSV=gigabytes PARQUET=gigabytes MEMORY=2GB
bench-size: build
	python3 -m venv $(cache)/bench-size-environment && $(cache)/bench-size-environment/bin/pip install --quiet duckdb==1.5.5
	RETAIL=$(CURDIR)/bin/retail $(cache)/bench-size-environment/bin/python scripts/bench-size.py \
	  --csv $(or $(CSV),2) --parquet $(or $(PARQUET),5) --memory $(or $(MEMORY),2GB)

# Files and models changed at random against their readers. FUZZ_SECONDS=n for each of the two, SEED=s
fuzz: setup
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) SEED=$(or $(SEED),1) \
	  cargo test --locked --package warehouse --package semantics --test fuzz -- --nocapture

# Writes the published JSON Schemas anew from the types.
schemas: setup
	UPDATE_SCHEMAS=1 cargo test --locked --package agents --test schemas
