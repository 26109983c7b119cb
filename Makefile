# Thin on purpose: each target is one command. A fresh machine needs Python 3.11 to 3.13 and make.
PYTHON ?= python3
ARGS ?=
BIN = .venv/bin

.PHONY: lab hub test bench lint lock setup
setup:
	@$(PYTHON) setup_course.py

lab: setup  ## open the course; ARGS="--no-browser --port 0" serves a machine without a screen
	@$(BIN)/coursekit lab $(ARGS)

hub: setup  ## try a class out: JupyterHub with demo accounts; ARGS="--port 0 --learners 8"
	@$(BIN)/coursekit hub $(ARGS)

test: setup  ## prove every notebook and every check, with the network open and closed
	@$(BIN)/python -m tests.prove $(ARGS)

bench: setup  ## measure ratios; ARGS=NAME for one
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

lock: setup  ## renew the exact pins
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --extra test --extra hub --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock pyproject.toml
