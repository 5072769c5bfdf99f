# `make demo` and `make test` do all set-up: a virtual environment, its packages, the compiled kernel.
# With PIP_NO_INDEX=1 and PIP_FIND_LINKS=FOLDER they need no network.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TREE := pyproject.toml setup.py README.md LICENSE NOTICE src
SOURCES := setup.py $(wildcard src/phonosearch/*.pyx src/phonosearch/*.pxd)
COMPILED := $(patsubst src/phonosearch/%.pyx,phonosearch.%,$(wildcard src/phonosearch/*.pyx))

.PHONY: demo test lint types sanitize bench smoke-bench clean

demo: $(VENV)/built
	$(BIN)/python benchmarks/demo.py

test: $(VENV)/built
	$(BIN)/python -m pytest --doctest-modules tests $(wildcard src/phonosearch/*.py)

lint: $(VENV)/lint
	$(BIN)/ruff check .
	$(BIN)/cython-lint src

types: $(VENV)/lint $(VENV)/built
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest --ignore-missing-stub --allowlist tools/stubtest.txt $(COMPILED)

# The kernel with bounds checks, ASAN and UBSAN, beside the ordinary one; gcc is enough.
SAFE := build/sanitize
SAFE_TESTS := $(filter-out tests/test_cli.py tests/test_packaging.py,$(wildcard tests/test_*.py))
sanitize: $(SAFE)/built
	PYTHONPATH=$(SAFE)/site LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 HYPOTHESIS_PROFILE=dev \
	$(BIN)/python -m pytest -m "not slow" -p no:cacheprovider $(SAFE_TESTS)

bench: $(VENV)/bench
	$(BIN)/python benchmarks/compare_rivals.py

smoke-bench: $(VENV)/bench
	PHONOSEARCH_BENCH_PEOPLE=5000 $(BIN)/python -m pytest benchmarks

clean:
	rm -rf build dist .venv* src/*.egg-info src/phonosearch/*.so .*_cache .hypothesis .benchmarks

$(VENV)/packages: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PYTHON) tools/requirements.py build core cli arrow testing test > $@.txt
	$(BIN)/python -m pip install --quiet -r $@.txt
	touch $@

$(VENV)/built: $(VENV)/packages $(SOURCES)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/lint $(VENV)/bench: $(VENV)/%: $(VENV)/built
	$(BIN)/python tools/requirements.py $* > $@.txt
	$(BIN)/python -m pip install --quiet -r $@.txt
	touch $@

$(SAFE)/built: $(VENV)/built
	rm -rf $(SAFE) && mkdir -p $(SAFE)/tree && cp -R $(TREE) $(SAFE)/tree && rm -f $(SAFE)/tree/src/phonosearch/*.so
	PHONOSEARCH_SANITIZE=1 $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation \
		--target $(SAFE)/site $(SAFE)/tree
	touch $@
