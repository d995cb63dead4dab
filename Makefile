# Two commands: `make run` serves the dashboard, `make test` checks everything.
PYTHON3 ?= python3
PORT ?= 8501
BIN = .venv/bin
COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q

.PHONY: run test lint lock clean

run:
	@$(PYTHON3) tools/bootstrap.py > /dev/null
	@$(BIN)/drug-trends serve --port $(PORT)

# Two workers; the tests of one file stay together, so that what they share is made once, and the short files come
# last. No threads beneath the workers, which would only wait for each other.
test: lint
	@CHROMIUM="$$($(PYTHON3) tools/bootstrap.py --dev --chromium --postgresql)" && export CHROMIUM && \
	  OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

lint:
	@$(PYTHON3) tools/bootstrap.py --dev > /dev/null
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# The locks hold for every platform and Python from 3.11; no index address is written into them.
# `make lock UPGRADE=--upgrade` takes the newest versions; without it, the pins are kept where they still fit.
lock:
	$(COMPILE) $(UPGRADE) --group build pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
