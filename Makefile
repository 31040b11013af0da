# The book in two commands: `make book`, `make test`. `make help` lists the rest.
# Needs Python 3.11 or newer (PYTHON=... names another), make and git.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BUILT := _build/html/index.html
# Pages, ledger and tests share what they train; make clean, or a new ENGINE_VERSION, starts anew.
# One thread a process: the workers fill the cores, and two threads that wait for each other on a
# busy machine take up to forty times as long as one.
RUNS := OMP_NUM_THREADS=1 SUPERPOSITION_RUNS='$(CURDIR)/_build/runs'
SOURCES := $(shell find src site records -name '*.py' -o -name '*.js' -o -name '*.css' -o -name '*.toml' -o -name '*.csv')

.DEFAULT_GOAL := help
.PHONY: help book serve check test seeds lint chromium pins clean distclean coursework grade adopt lab links pdf picture \
	release twice versions

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1|/' | column -t -s '|'

# Constraints hold in every pip call here, pip's own isolated builds too (hence the variable),
# and torch comes first: left to the others' looser requests, pip would fetch a newer one.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("The book needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ": name another with make book PYTHON=...")'
	@echo "Fetching PyTorch and the book's tools into $(VENV): about 1 GB, 2 GB on disk, some minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet torch
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet -e '.[book,coursework,test]'
	@touch $@

# Jupyter's cache of executed pages looks at their code only. When the module or the pins change
# (their text, not their dates: a cache brought from elsewhere counts), every page runs again.
_build/.sources: $(SOURCES) $(INSTALLED)
	@now=$$(cat $(sort $(SOURCES)) constraints.txt | cksum); \
		test "$$now" = "$$(cat $@ 2>/dev/null)" || rm -rf _build/.jupyter_cache _build/.doctrees _build/html _build/jupyter_execute; \
		mkdir -p _build && echo "$$now" > $@

# A page that gave a warning would be skipped as unchanged, and pass, the next time: hence the rm.
book: $(INSTALLED) _build/.sources  ## build the book, running every page that changed
	$(RUNS) $(BIN)/jupyter-book build . --quiet -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book is built: open $(CURDIR)/$(BUILT), or run make serve."

serve: book  ## show the book on http://127.0.0.1:8000 (PORT=... for another port)
	@echo "http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# What is more winding than it needs to be is named, and stops nobody.
lint: $(INSTALLED)  ## style, types, imports between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@echo "Functions to make plainer when you are there (a hint):"
	@$(BIN)/ruff check --select C901 --exit-zero --quiet --output-format concise .

# The rest, which `make test` adds, looks at the built book or takes a minute a test.
QUICK := not (chapters or browser or built or long or seeds)
TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
check: lint  ## what needs no built book: lint, examples in docstrings, quick tests (3 minutes)
	$(BIN)/python -m pytest --quiet --doctest-modules src
	$(TESTS) --durations=10 -m "$(QUICK)"

# apt-get where it may; else tools/chromium.py says how to get one.
chromium: $(INSTALLED)
	@$(BIN)/python tools/chromium.py >/dev/null 2>&1 || ! { test "$$(id -u)" = 0 && command -v apt-get >/dev/null; } \
		|| { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null; }
	@$(BIN)/python tools/chromium.py

test: check chromium book  ## everything: make check, the book, its pages in Chromium
	$(RUNS) $(BIN)/python -m superposition.claims
	$(RUNS) $(TESTS) --durations=25 -m "(chapters or browser or built or long) and not seeds"

seeds: $(INSTALLED)  ## the pages' conclusions with other seeds (an hour or so)
	$(RUNS) $(BIN)/python -m pytest -m seeds -n 2 --dist loadfile --durations=25

# The newest versions that the ranges in pyproject.toml allow, written down. Then: make test.
pins:  ## refresh constraints.txt from the ranges in pyproject.toml
	rm -rf $(VENV)-pins && $(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet --upgrade pip setuptools wheel
	$(VENV)-pins/bin/python -m pip install --quiet '.[book,coursework,test]'
	{ sed -n '/^#/p' constraints.txt; $(VENV)-pins/bin/python -m pip freeze --all \
		| grep -Ev '^(pip==|superposition-book|-e|#)' | sed 's/+.*//'; } > constraints.new
	mv constraints.new constraints.txt && rm -rf $(VENV)-pins

clean:  ## remove what was built
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

distclean: clean  ## remove the virtual environment too
	rm -rf $(VENV)

coursework: $(INSTALLED)  ## student notebooks, Gradescope zips and solutions of all assignments
	$(BIN)/python coursework/build.py

# SUBMISSIONS is a folder with one notebook, zip or folder a student.
grade: $(INSTALLED)  ## grade a folder: make grade SUBMISSIONS=folder ASSIGNMENT=01_directions
	@test -n "$(SUBMISSIONS)" -a -n "$(ASSIGNMENT)" \
		|| { echo "say which: make grade SUBMISSIONS=folder ASSIGNMENT=01_directions"; exit 2; }
	$(BIN)/python coursework/grader/grade.py "$(ASSIGNMENT)" "$(SUBMISSIONS)" $(OPTIONS)

adopt:  ## give the book to another repository: make adopt REPO=https://github.com/their/fork
	@test -n "$(REPO)" || { echo "say which: make adopt REPO=https://github.com/their/fork"; exit 2; }
	@$(PYTHON) tools/adopt.py $(REPO)

# Only this target needs JupyterLab, so only this target installs it, with every pin in force.
lab: $(INSTALLED)  ## open the notebooks in JupyterLab
	@$(BIN)/python -c 'import jupyterlab' 2>/dev/null \
		|| PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet jupyterlab
	$(BIN)/jupyter lab $(OPTIONS) chapters

links: $(INSTALLED)  ## ask every external link whether it still answers (needs the network)
	$(BIN)/jupyter-book build . --builder linkcheck

pdf: book chromium  ## the whole book on paper: build/book.pdf
	$(BIN)/python tools/pdf.py build/book.pdf

picture: book chromium  ## a picture of the first page: _build/html/_static/book.png
	$(BIN)/python tools/picture.py

# Only the students' notebooks: the other folders of build/coursework hold solutions.
release: book coursework  ## what a release attaches: build/release
	rm -rf build/release && mkdir -p build/release
	$(BIN)/python -m zipfile -c build/release/book.zip _build/html/
	$(BIN)/python -m zipfile -c build/release/notebooks.zip chapters/*.ipynb
	$(BIN)/python -m zipfile -c build/release/coursework.zip build/coursework/student/*.ipynb

# Without the runs that the build kept: everything is trained anew.
twice: book  ## run the pages again and compare every number (PAGES="chapters/...")
	$(BIN)/python tools/twice.py $(PAGES)

versions:  ## module and chapters with the oldest and newest releases allowed (WHICH="oldest")
	$(PYTHON) tools/versions.py $(WHICH)
