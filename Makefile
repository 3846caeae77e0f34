# Tidemark. `make` alone lists the targets. Needs python3 (3.11 to 3.13, with venv), make and git; nothing else.
# A target calls the `tidemark` command of the same name (tools/), or the tests; `.venv/bin/tidemark --help` teaches more.
#
#   PYTHON=/path/to/python3.13   Python to install with (default: that of the last time, at first python3)
#   STATE=.other                 state directory of the local environment (default: .local)
#   PORT=4567                    port on 127.0.0.1 of local-up (default: 4566) or dashboard (default: 8765)
#   MODE=embedded                where local-up runs: docker or embedded (default: docker if an engine answers)
#   IAM=strict                   whose permissions local-up checks: roles, strict or off (default: roles)
#   TARGET=prod                  deployment to work on: local, dev or prod (default: local)
#   ACCOUNT=, REGION=            what bootstrap, deploy and destroy may touch; they refuse any other
#   CONTEXT="ephemeral=true"     settings of the CDK app, separated by blanks
#   ARGS="-k name -x"            more arguments for pytest or for a benchmark
#
# These count on make's command line. Shells export such names for other programs, so of an exported one only PYTHON,
# STATE and INSTALL count, and PORT and MODE for local-up. Make says which it uses and which it ignores.

PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)

RUN      := .venv/bin/python
PYTEST   := $(RUN) -m pytest
TIDEMARK := .venv/bin/tidemark

# $(call flag,NAME,--name): the flag, if the variable stands on make's command line.
flag  = $(if $(filter command,$(origin $1)),$(if $($1),$2 "$($1)"),$(if $(filter environment,$(origin $1)),$(call say,$1=$($1) of the shell is ignored: write make $@ $1=$($1))))
# The same for a switch, like FOLLOW=1.
switch = $(if $(call flag,$1,$2),$2)
# The same, and the shell's variable counts too.
shell_flag = $(if $(filter environment,$(origin $1)),$(if $($1),$2 "$($1)" $(call say,$1=$($1) comes from the shell)),$(call flag,$1,$2))
say   = $(shell printf '%s\n' 'make: $(subst ','\'',$1)' >&2)

local      = $(call shell_flag,STATE,--state)
mode       = $(if $(and $(filter environment,$(origin MODE)),$(filter-out docker embedded,$(MODE))),$(call flag,MODE),$(call shell_flag,MODE,--mode))
new        = $(local) $(call shell_flag,PORT,--port) $(mode)
iam        = $(call flag,IAM,--iam)
deployment = $(call flag,TARGET,--target) $(local)
place      = $(call flag,ACCOUNT,--account) $(call flag,REGION,--region)
context    = $(if $(call flag,CONTEXT),$(foreach pair,$(CONTEXT),--context "$(pair)"))
arguments  = $(if $(call flag,ARGS),$(ARGS))

.DEFAULT_GOAL := help
.NOTPARALLEL: # make -j local-down local-up means one after the other
# A shell may export these for its own programs. They would change which modules are found, or how Python ends.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONINSPECT PYTHONNOUSERSITE PYTHONOPTIMIZE PYTHONPATH PYTHONPLATLIBDIR \
	PYTHONSAFEPATH PYTHONSTARTUP PYTHONUSERBASE PYTHONWARNINGS

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ {print substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ Set up
.PHONY: install clean doctor

install: found-python ## Install everything into .venv and .venvs (the targets that need it do so by themselves)
	@"$(PYTHON)" tools/src/tidemark/installation/install.py $(if $(filter install,$(MAKECMDGOALS)),,--quiet)

clean: local-down ## Stop the local environment and remove everything that was installed or generated
	@test ! -x $(TIDEMARK) || $(TIDEMARK) local-down --others
	rm -rf .venvs .local cdk.out infra_cdk/cdk.out .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

doctor: found-python ## Say what on this machine would stop it, with the fix; JSON=1 for programs; fails if anything does
	@"$(PYTHON)" tools/src/tidemark/doctor $(new) $(call switch,JSON,--json)

##@ Run it on this machine
.PHONY: local-up local-down status env e2e

local-up: install ## Start LocalStack, deploy to it, wait until all is ready; again: changes nothing
	@$(TIDEMARK) local-up $(new) $(iam)

local-down: ## Stop what local-up started; no process and no port is left
	@if test -x $(TIDEMARK); then $(TIDEMARK) local-down $(local); \
	elif test -e .venvs || test -e "$(or $(STATE),.local)"; then \
		echo "local-down: .venv is missing, so what may still run is not found: make install local-down" >&2; exit 1; \
	else echo "local-down: nothing is installed here, so nothing is running"; fi

status: installed ## Show the local environment on one screen; fails if anything has to be mended
	@$(TIDEMARK) status $(local)

env: installed ## Print the local environment's variables: eval "$(make -s env)"
	@$(TIDEMARK) env $(local)

e2e: install ## Run the whole flow, show the history and the plot; starts an environment if none is up
	@$(TIDEMARK) env --start $(new) $(iam) -- $(PYTEST) -q --no-header tests/e2e -m "not storm and not long" $(arguments)

##@ Change it and look at it
.PHONY: dev logs invoke demo reset

dev: install ## Reload functions as their sources are saved, show logs; RELOAD=0 only looks, DEBUG=plotting lets a debugger attach
	@$(TIDEMARK) dev $(new) $(call flag,RELOAD,--reload) $(call flag,DEBUG,--debug) $(call flag,DEBUG_PORT,--debug-port)

logs: installed ## Show what the functions log, merged by time; FN=, REQUEST= (an id's beginning), SINCE= (minutes), FOLLOW=1
	@$(TIDEMARK) logs $(local) $(call flag,FN,--function) $(call flag,REQUEST,--request) $(call flag,SINCE,--since) $(call switch,FOLLOW,--follow)

invoke: installed ## Invoke FN= with EVENT= (a file, or - for stdin; default: a sample), show result, log and duration
	@$(TIDEMARK) invoke $(local) $(call flag,FN,--function) $(call flag,EVENT,--event)

demo: install ## Upload a directory of your own (DIR=), watch its size being tracked, get its plot and the dashboard's URL
	@$(TIDEMARK) demo $(new) $(call flag,DIR,--directory)

reset: installed ## Empty buckets, tables and queues without a restart, and take the baseline anew
	@$(TIDEMARK) reset $(local)

##@ Deliver it (TARGET=dev or prod on AWS with your credentials; TARGET=local here)
.PHONY: push-images bootstrap deploy validate diff destroy recover

push-images: install ## Build the functions' images, push to ECR (REGISTRY=, ARCHITECTURE=), record their digests in images.json
	@$(TIDEMARK) push-images $(call flag,REGISTRY,--registry) $(call flag,ARCHITECTURE,--architecture)

bootstrap: install ## Prepare the account and region for the CDK, once
	@$(TIDEMARK) bootstrap $(deployment) $(place)

deploy: install ## Deploy registry, images and stacks, take the baseline, print the API's URL
	@$(TIDEMARK) deploy $(deployment) $(place) $(context)

validate: installed ## Check that a deployment does what it is for
	@$(TIDEMARK) validate $(deployment) $(place)

diff: install ## Show what a deployment would change
	@$(TIDEMARK) diff $(deployment) $(place) $(context)

destroy: install ## Say what is lost, ask (or CONFIRM=), delete the stacks, list what is left
	@$(TIDEMARK) destroy $(deployment) $(place) $(context) $(call flag,CONFIRM,--confirm)

recover: installed ## Say why a stack is stuck, and the commands that get it out: STACK=
	@$(TIDEMARK) recover $(deployment) $(call flag,STACK,--stack)

##@ Operate it (TARGET=local here, dev or prod on AWS with your credentials)
.PHONY: dashboard reconcile track untrack rollups restore redrive

dashboard: installed ## Serve the dashboard on this machine, signing with your credentials
	@$(TIDEMARK) dashboard $(deployment) $(call flag,PORT,--port)

reconcile: installed ## Compare tracked buckets with their listings and heal what differs; BUCKET= for one
	@$(TIDEMARK) reconcile $(deployment) $(call flag,BUCKET,--bucket)

track: installed ## Track an existing bucket, whatever it holds: BUCKET=
	@$(TIDEMARK) track $(deployment) $(call flag,BUCKET,--bucket)

untrack: installed ## Stop tracking a bucket: BUCKET=; its history stays, or HISTORY=delete
	@$(TIDEMARK) untrack $(deployment) $(call flag,BUCKET,--bucket) $(call flag,HISTORY,--history)

rollups: installed ## Make a bucket's minutes, hours and days anew from its samples: BUCKET=
	@$(TIDEMARK) rollups $(deployment) $(call flag,BUCKET,--bucket)

restore: installed ## Put the samples of a restored table back into the history: FROM=
	@$(TIDEMARK) restore $(deployment) $(call flag,FROM,--from)

redrive: installed ## Put what is in the dead-letter queues back into the queue
	@$(TIDEMARK) redrive $(deployment)

##@ Check it
.PHONY: test test-long test-ministack test-browser test-docker check mutants mutants-code prove soak

test: install ## Run all tests but those of test-long, test-browser and test-docker, in an environment of their own
	@$(TIDEMARK) within -- $(RUN) -m tests.side_by_side --durations=8 -m "not long and not browser and not mutants" $(arguments)

test-long: install ## Run the tests that take minutes: lost events, kills, edges, random histories
	@$(TIDEMARK) within -- $(PYTEST) --durations=8 -m long $(arguments)

test-ministack: install ## Run all end-to-end tests on another emulator, docs/substrates.md
	@$(RUN) -m tests.substrates.ministack $(PYTEST) tests/e2e --durations=8 $(arguments)

test-browser: install ## Drive the dashboard in a real Chromium (CHROMIUM=; INSTALL=1 installs Debian's as root)
	@$(RUN) -m tests.browser.chromium $(call shell_flag,INSTALL,--install)
	@$(TIDEMARK) within --iam roles -- $(PYTEST) tests/browser -q --no-header $(arguments)

test-docker: install ## Prove images, push and containers on a Docker engine (INSTALL=1 installs and starts one on Debian as root)
	@$(RUN) -m tests.docker.run $(call shell_flag,INSTALL,--install)

check: install ## Lint and check types, the locks, the packed page and its tests
	@$(RUN) -m ruff format --check
	@$(RUN) -m ruff check
	@$(RUN) -m mypy
	@$(TIDEMARK) pack-page --check

mutants: install ## Kill every known wrong variant of the accounting: tell its shortest story, let random histories find it
	@$(RUN) -m tests.property.mutants
	@$(PYTEST) tests/stateful/test_mutants.py -q --no-header $(arguments)

mutants-code: install ## Change the tracker's code in thousands of small ways, and list what no fast test notices; takes minutes
	@$(RUN) -m tests.mutation $(arguments)

prove: install ## Explore every interleaving of the accounting in larger worlds, more than a million states
	@$(RUN) -m tests.property.explore

soak: install ## Change, lose, repeat and break at random, in memory and on the local engine, for MINUTES= (default: 5)
	@$(RUN) -m tests.stateful.soak $(call flag,MINUTES,--minutes)

##@ Measure it: docs/benchmarks.md
.PHONY: bench bench-latency bench-api bench-reload bench-images

bench: install ## Cost and speed per event beside a tracker that lists, the bill, the conflicts
	@$(RUN) -m tests.bench.cost $(arguments)
	@$(RUN) -m tests.bench.contention
	@$(RUN) -m tests.bench.profiling

bench-latency: install ## Put to sample in the local environment, beside a listing tracker and the floor
	@$(TIDEMARK) env --start $(new) -- $(RUN) -m tests.bench.latency $(local) $(arguments)

bench-api: install ## The read API in an environment of its own: warm, cold, pages read, drawing
	@$(TIDEMARK) within --iam roles -- $(RUN) -m tests.bench.api $(arguments)

bench-reload: install ## How long a saved change takes to run in the local environment
	@$(RUN) -m tests.bench.reload $(local) $(arguments)

bench-images: install ## The images: size and start with and without bytecode
	@PYTHONPATH=images/localstack/src $(RUN) -m tests.bench.images $(arguments)

.PHONY: found-python installed
found-python:
	@$(if $(filter environment,$(origin PYTHON)),$(call say,PYTHON=$(PYTHON) comes from the shell))command -v "$(PYTHON)" >/dev/null || { echo "make: there is no $(PYTHON) on PATH: install Python 3.11, 3.12 or 3.13, or choose one: make PYTHON=/path/to/python3.13 ..." >&2; exit 1; }

installed:
	@test -x $(TIDEMARK) || { echo "make: .venv is missing: run make install" >&2; exit 1; }
