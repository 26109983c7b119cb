# Thin on purpose: each target is one command. A fresh machine needs Python 3.11 to 3.13 and make.
PYTHON ?= python3
ARGS ?=
BIN = .venv/bin

.PHONY: lab hub test bench lint lock
SETUP = @$(PYTHON) setup_course.py

lab:  ## open the course; ARGS="--no-browser --port 0" serves a machine without a screen
	$(SETUP) lab
	@$(BIN)/coursekit lab $(ARGS)

hub:  ## try a class out: JupyterHub with demo accounts; ARGS="--port 0 --learners 8"
	$(SETUP) hub
	@$(BIN)/coursekit hub $(ARGS)

test:  ## prove every notebook and every check, with the network closed
	$(SETUP) test
	@$(BIN)/python -m tests.prove $(ARGS)

bench:  ## measure ratios; ARGS=NAME for one
	$(SETUP) test
	@$(BIN)/coursekit prepare --all
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint:
	$(SETUP) test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

lock:  ## renew the exact pins; needs the uv of an earlier set-up, which the old pins could stop now
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --extra test --extra hub --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock pyproject.toml
