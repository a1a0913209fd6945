# Two commands do everything on a fresh machine: `make audit` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AUDITED ?= platform
OUT ?= reports/out

.PHONY: audit test platform-test test-fast check lint types imports generate bootstrap bench clean

audit: $(VENV)/.run  ## audit platform/: prints the report and writes it to reports/out
	@mkdir -p $(OUT)
	@$(BIN)/auditor check $(AUDITED) --format terminal --format json --output $(OUT)/report.json \
	  --format html --output $(OUT)/report.html --format markdown --output $(OUT)/report.md \
	  --format sarif --output $(OUT)/report.sarif --fail-on never
	@echo "Written: $(OUT)/report.{json,html,md,sarif}"

test: $(VENV)/.dev tools  ## everything, fast and slow
	$(BIN)/python -m pytest -n 2 --dist worksteal

platform-test: $(VENV)/.dev tools  ## the platform: Terraform on moto, overlays, alerts, dashboards, audit, the loop on real components
	$(BIN)/python -m pytest tests/platform

test-fast: $(VENV)/.dev  ## what runs in a minute or two
	$(BIN)/python -m pytest -n 2 -m "not slow"

check: $(VENV)/.dev lint types imports  ## lint, types, import rules, tests, generated files
	$(BIN)/python -m tools.generate --check
	$(MAKE) test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

generate: $(VENV)/.dev  ## everything that is generated and committed
	$(BIN)/python -m tools.generate

bootstrap:  ## make bootstrap ENV=dev: Argo CD on a new cluster, and from there on Git
	platform/bootstrap/bootstrap.sh $(ENV)

bench: $(VENV)/.dev tools
	$(BIN)/python -m tests.bench

tools: $(VENV)/.dev
	$(BIN)/python -m tools.install

$(VENV)/.run: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,live,worker]'
	touch $@

clean:
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache
.PHONY: tools
