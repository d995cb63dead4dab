# Two commands: `make run` serves the dashboard, `make test` checks everything.
PYTHON3 ?= python3
PORT ?= 8501
BIN = .venv/bin

.PHONY: run test lint lock clean

run:
	@$(PYTHON3) tools/bootstrap.py > /dev/null
	@$(BIN)/drug-trends serve --port $(PORT)

test: lint
	@CHROMIUM="$$($(PYTHON3) tools/bootstrap.py --dev --chromium)" $(BIN)/python -m pytest -n 2 -q

lint:
	@$(PYTHON3) tools/bootstrap.py --dev > /dev/null
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports > /dev/null || $(BIN)/lint-imports

# The locks hold for every platform and Python from 3.11; no index address is written into them.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q \
	  --group build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q \
	  --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
