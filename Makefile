# `make demo` and `make test` do all set-up: a virtual environment, its packages, the compiled kernel.
# With PIP_NO_INDEX=1 and PIP_FIND_LINKS=FOLDER they need no network.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
KERNEL := $(wildcard src/phonosearch/*.pyx)
STUBBED := $(patsubst src/phonosearch/%.pyi,phonosearch.%,$(wildcard src/phonosearch/*.pyi))

.PHONY: demo test quick lint types sanitize bench smoke-bench accuracy clean

demo: $(VENV)/built
	$(BIN)/python benchmarks/demo.py

# On every processor, but for what compares times.
PYTEST := $(BIN)/python -m pytest -p no:benchmark
SPREAD := -n auto --maxprocesses 8 --dist worksteal

test: $(VENV)/built
	$(PYTEST) $(SPREAD) -m "not timing" --doctest-modules tests src/phonosearch/*.py
	$(PYTEST) -m timing tests

quick: $(VENV)/built
	HYPOTHESIS_PROFILE=dev $(PYTEST) $(SPREAD) -m "not slow and not timing" tests
	HYPOTHESIS_PROFILE=dev $(PYTEST) -m "timing and not slow" tests

lint: $(VENV)/lint
	$(BIN)/ruff check .
	PATH="$(BIN):$$PATH" cython-lint src

types: $(VENV)/lint
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest --ignore-missing-stub --ignore-disjoint-bases $(STUBBED)

# BENCH="--people 1000000 --growth 10000,100000,1000000,10000000 --output" is the whole of it.
BENCH ?= --output

bench: $(VENV)/bench $(VENV)/rivals
	$(BIN)/python benchmarks/compare_rivals.py $(BENCH)

# Data and peers live outside the environment. nomenklatura is compiled against ICU, so it may not be had everywhere.
ACCURACY := .accuracy

accuracy: $(VENV)/bench $(ACCURACY)/installed
	$(BIN)/python benchmarks/accuracy.py --packages $(ACCURACY) --results benchmarks/results

$(ACCURACY)/installed: benchmarks/requirements-accuracy.txt | $(VENV)/bench
	rm -rf $(ACCURACY)
	$(PIP) --no-deps --target $(ACCURACY)/data -r benchmarks/requirements-accuracy.txt
	$(PIP) --target $(ACCURACY)/matplotlib matplotlib || echo "no plots: matplotlib cannot be installed"
	$(PIP) --target $(ACCURACY)/nomenklatura nomenklatura==4.17.4 || echo "nomenklatura cannot be installed"
	touch $@

smoke-bench: $(VENV)/bench
	PHONOSEARCH_BENCH_PEOPLE=5000 $(BIN)/python -m pytest benchmarks

# The kernel with bounds checks, ASAN and UBSAN, in a place of its own; gcc is enough.
# Left out: what starts other programs (compilers, shells), which the sanitizer would come to stand in.
SAFE := build/sanitize
SAFE_TESTS := $(filter-out %/test_cli.py %/test_packaging.py %/test_doctests.py,$(wildcard tests/test_*.py))

sanitize: $(SAFE)/built
	rm -f $(SAFE)/report.*
	PYTHONPATH=$(SAFE)/site PYTHONMALLOC=malloc HYPOTHESIS_PROFILE=dev \
	ASAN_OPTIONS=detect_leaks=0:log_path=$(SAFE)/report UBSAN_OPTIONS=print_stacktrace=1:log_path=$(SAFE)/report \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	$(PYTEST) $(SPREAD) -m "not slow and not timing" -p no:cacheprovider $(SAFE_TESTS) || \
	{ cat $(SAFE)/report.* 2> /dev/null; exit 1; }

clean:
	rm -rf build dist .venv .venv-* .accuracy src/*.egg-info src/phonosearch/*.so .hypothesis .benchmarks
	rm -rf .pytest_cache .mypy_cache .ruff_cache

$(VENV)/packages: pyproject.toml tools/requirements.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python tools/requirements.py build > $@.txt
	$(PIP) -r $@.txt
	$(BIN)/python tools/requirements.py core cli arrow testing test > $@.txt
	$(PIP) --no-build-isolation --use-pep517 -r $@.txt
	touch $@

$(VENV)/built: $(VENV)/packages setup.py $(KERNEL) $(wildcard src/phonosearch/*.pxd)
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/lint $(VENV)/bench: $(VENV)/%: $(VENV)/built
	$(BIN)/python tools/requirements.py $* > $@.txt
	$(PIP) -r $@.txt
	touch $@

$(VENV)/rivals: $(VENV)/bench
	$(BIN)/python tools/requirements.py rivals > $@.txt
	$(PIP) -r $@.txt || echo "cannot be installed: $$(tr '\n' ' ' < $@.txt)"
	touch $@

$(SAFE)/built: $(VENV)/built $(wildcard src/phonosearch/*.py src/phonosearch/data/*)
	rm -rf $(SAFE)
	mkdir -p $(SAFE)/tree
	cp -R pyproject.toml setup.py README.md LICENSE NOTICE src $(SAFE)/tree
	rm -f $(SAFE)/tree/src/phonosearch/*.so
	PHONOSEARCH_SANITIZE=1 $(PIP) --no-deps --no-build-isolation --target $(SAFE)/site $(SAFE)/tree
	touch $@
