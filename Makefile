# Two commands are the whole set-up: `make run` and `make test`. They need Python 3.11+ and make, nothing else.

PYTHON ?= python3
HOST   ?= 127.0.0.1
PORT   ?= 8000
CORPUS ?= corpus/samples
DATA   ?= data
SHARED ?= ../shared
EXTRAS ?=
WHEELHOUSE ?= wheelhouse

VENV := .venv
BIN  := $(VENV)/bin

.PHONY: install run test lint wheelhouse lock bench bench-corpus bench-retrieval clean

install: $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新的版本（可用 make PYTHON=... 指定）"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# All versions are those of constraints.txt, what others bring along too.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: install
	$(BIN)/tiaowen ingest $(CORPUS) --data $(DATA)
	$(BIN)/tiaowen serve --data $(DATA) --host $(HOST) --port $(PORT)

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Everything that a server without a network installs from (same Python and platform): docs/operations.md. EXTRAS=bots,ocr
wheelhouse: $(VENV)/bin/python
	rm -rf build $(WHEELHOUSE)
	$(BIN)/python -m pip wheel --quiet --constraint constraints.txt --wheel-dir $(WHEELHOUSE) '.$(if $(EXTRAS),[$(EXTRAS)])'
	cp constraints.txt $(WHEELHOUSE)/
	rm -rf build
	@echo "$(WHEELHOUSE)：$$(ls $(WHEELHOUSE)/*.whl | wc -l) 个安装包，$$(du -sm $(WHEELHOUSE) | cut -f1) MB"

# After a change of a version in pyproject.toml: what pip chooses for all extras, without installing it.
lock: $(VENV)/bin/python
	mkdir -p build
	$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --report build/lock.json '.[dev,ocr,peers]'
	$(BIN)/python deploy/lock.py build/lock.json > build/constraints.txt
	mv build/constraints.txt constraints.txt

bench: install
	$(BIN)/python -m eval.beir $(SHARED)/statutes --split dev

bench-corpus: $(VENV)/.dev
	$(BIN)/python -m eval.clauses --shared $(SHARED)

# With `pip install '.[peers]'` other programs are measured on the same texts; without it they are named as missing.
bench-retrieval: install
	$(BIN)/python -m eval.compare --shared $(SHARED)

clean:
	rm -rf $(VENV) data build $(WHEELHOUSE) *.egg-info
