# `make` alone says what there is.
SHELL := /bin/bash
BASE := $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PYTHON := $(BIN)/python
NOTEBOOKS := $(wildcard chapters/*.ipynb solutions/*.ipynb)

# One thread to a process: tensors of lessons are small, and threads would wait for each other more than they compute.
TEST := OMP_NUM_THREADS=1 $(PYTHON) -m pytest -n 2 --dist loadfile

# Strict: every stored output is compared, pictures too. One notebook to a process; two at a time fit into 8 GB.
NBVAL := $(TEST) -p tests.notebooks.pictures --nbval --nbval-current-env \
	--nbval-sanitize-with tests/notebooks/sanitize.cfg --nbval-cell-timeout 300 -p no:cacheprovider

.PHONY: help book test notebooks gpu read lab progress bench portable mutants clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

book: .venv/book  ## build the HTML, warnings being errors
	$(BIN)/jupyter-book build . -W -n --keep-going -q
	@echo "The book: $(CURDIR)/_build/html/index.html, $$(du -sh _build/html | cut -f1)"

test: .venv/all book  ## everything: style, exercises, library, notebooks, the book in a browser
	$(BIN)/ruff check .
	$(PYTHON) tools/make_exercises.py --check
	$(TEST) --ignore=tests/book
	$(NBVAL) $(NOTEBOOKS)
	$(BIN)/pytest tests/book

notebooks: .venv/all  ## only the notebooks: every stored output, run again and compared
	$(NBVAL) $(NOTEBOOKS)

portable: .venv/all  ## the notebooks again, as a lesser CPU would compute them
	ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Prescott NPY_DISABLE_CPU_FEATURES=X86_V3 $(NBVAL) $(NOTEBOOKS)

gpu: .venv/all  ## the tests of the GPU and the notebooks, computed on one
	ATTENTION_DEVICE=cuda $(PYTHON) -m pytest tests/core tests/translation/test_recurrent.py
	ATTENTION_DEVICE=cuda $(NBVAL) $(NOTEBOOKS)

read: book  ## open the book in your browser
	$(PYTHON) -m webbrowser -t "file://$(CURDIR)/_build/html/index.html"

lab: .venv/all  ## work the exercises in JupyterLab; its options in ARGS="--no-browser --port 9000"
	$(PYTHON) tools/lab.py $(ARGS)

progress: .venv/all  ## which exercises you have solved
	@$(PYTHON) -m attention progress

bench: .venv/all  ## the tables of benchmarks/
	set -e; for file in benchmarks/*.py; do $(PYTHON) $$file; done

mutants: .venv/all  ## faults planted in the code: which does no test notice? Options in ARGS="--since main --show"
	@$(PYTHON) tools/mutants.py $(ARGS)

clean:  ## remove what was built (not work/, not .venv)
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

# Stamps: nothing is installed twice, and again when a requirement changes.
.venv/bin/pip:
	@$(BASE) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; found " + sys.version)'
	$(BASE) -m venv .venv

.venv/book: .venv/bin/pip requirements-book.txt constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-book.txt
	touch $@

.venv/all: .venv/bin/pip requirements.txt requirements-book.txt constraints.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
