# make demo   an instrument from nothing: sounds, training, export, pictures
# make test   everything that must hold: style, types, tests
# make external   vschaos~, a host for exported models in Pd (needs what externals/install_tools.sh
#                 installs)
# Each builds .venv first; running them again is quick.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test external clean

demo: .venv/.installed
	$(BIN)/python examples/make_demo.py demo

external: .venv/.installed
	cmake -S externals -B build/external -DPython3_EXECUTABLE=$(CURDIR)/$(BIN)/python
	cmake --build build/external --parallel

test: .venv/.installed-dev
	-externals/install_tools.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder

.venv/.installed: requirements.txt requirements-pitch.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 demo")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements-pitch.txt
	touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf .venv demo build
