# make demo   an instrument from nothing: sounds, training, export, pictures
# make demo-effect   a pedal from nothing: dry and wet recordings, training, export, pictures
# make demo-transfer   a voice as strings and back: melodies, training, export, pictures
# make demo-order   which pedals, in which order: takes, their chains named and played, an estimator
# make web-engine   the engine of web pages anew: see engine/web/make_module.py
# make test   everything that must hold: style, types, tests
# make external   vschaos~, a host for exported models in Pd, in build/external (needs what
#                 externals/install_tools.sh installs, no Python); make external LIBTORCH=1: with
#                 libtorch beside it, for models of any maker, in build/external-torch
# make release    vschaos~ packed for Debian and Raspberry Pi OS, in build/release: see
#                 externals/make_release.py
# make plugins   LV2, VST3 and CLAP of the small engine, into build/plugins: script.py --daw puts
#                a model into them (needs what plugins/install_tools.sh installs)
# make constraints   the versions of everything that .venv is installed from, renewed
# Each builds .venv first; running them again is quick.

PYTHON ?= python3
CORES := $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
# What the requirements ask for in turn, and what builds it, comes at the versions listed there.
PINNED := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt

.PHONY: demo demo-effect demo-transfer demo-order demo-foley test external release plugins web-engine constraints clean

demo: .venv/.installed
	$(BIN)/python examples/make_demo.py demo

demo-effect: .venv/.installed
	$(BIN)/python examples/make_effect_demo.py demo_effect

demo-transfer: .venv/.installed
	$(BIN)/python examples/make_transfer_demo.py demo_transfer

demo-order: .venv/.installed
	$(BIN)/python examples/make_order_demo.py demo_order

demo-foley: .venv/.installed-video
	$(BIN)/python examples/make_foley_demo.py demo_foley

ifdef LIBTORCH
external: .venv/.installed
	cmake -S externals -B build/external-torch -DVSCHAOS_LIBTORCH=ON -DPython3_EXECUTABLE=$(CURDIR)/$(BIN)/python
	cmake --build build/external-torch -j$(CORES) --target vschaos_tilde
else
external:
	cmake -S externals -B build/external
	cmake --build build/external -j$(CORES) --target vschaos_tilde
endif

release:
	$(PYTHON) externals/make_release.py

plugins:
	cmake -S plugins -B build/plugins
	cmake --build build/plugins -j$(CORES)

web-engine:
	$(PYTHON) engine/web/make_module.py

test: .venv/.installed-dev
	-externals/install_tools.sh
	-plugins/install_tools.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder

.venv/.installed: requirements.txt requirements-pitch.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 demo")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PINNED) $(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(PINNED) $(BIN)/python -m pip install --quiet --no-deps --requirement requirements-pitch.txt
	touch $@

.venv/.installed-video: .venv/.installed requirements-video.txt
	$(PINNED) $(BIN)/python -m pip install --quiet --requirement requirements-video.txt
	touch $@

.venv/.installed-dev: .venv/.installed-video requirements-dev.txt
	$(PINNED) $(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@

# torch comes in several builds of one version: the build is left to the machine.
constraints:
	rm -rf build/newest
	$(PYTHON) -m venv build/newest
	build/newest/bin/python -m pip install --quiet --requirement requirements.txt \
		--requirement requirements-dev.txt --requirement requirements-video.txt setuptools
	build/newest/bin/python -m pip install --quiet --no-deps --requirement requirements-pitch.txt
	build/newest/bin/python -m pip freeze --all --exclude pip > build/newest/freeze.txt
	(echo "# Every version that .venv is installed from; made by make constraints." ; \
		sed 's/+[a-z].*//' build/newest/freeze.txt) > build/newest/constraints.txt
	mv build/newest/constraints.txt constraints.txt

clean:
	rm -rf .venv demo demo_effect demo_transfer demo_order demo_foley build
