# Tidemark. `make` alone lists the targets. Needs python3 (3.11 to 3.13, with venv), make and git; nothing else.
#
#   PYTHON=/path/to/python3.13   the interpreter to install with (default: the one of the last time, at first python3)
#   PORT=4567                    where local-up listens, on 127.0.0.1 (default: 4566)
#   MODE=embedded                where local-up runs it: docker or embedded (default: docker where an engine answers)
#   STATE=.other                 the state directory of the environment meant (default: .local)
#   TARGET=prod                  what is synthesized or operated: local, dev or prod (default: local)
#   ACCOUNT=, REGION=            what deploy, destroy and bootstrap are meant for; they refuse any other
#   CONTEXT="ephemeral=true"     settings of the CDK app, separated by blanks
#   ARGS="-k name -x"            more arguments for pytest, or for the CDK's command line

PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)
STATE  ?= .local
TARGET ?= local
ARGS   ?=

RUN    := .venv/bin/python
PYTEST := $(RUN) -m pytest

# Starts an environment where none is up. One that is up may be ill: to find out why is what it is needed for.
BE_UP  := $(RUN) -m tidemark.local.env --state "$(STATE)" -- true 2>/dev/null || $(MAKE) --no-print-directory local-up

DEPLOYMENT := --target "$(TARGET)" --state "$(STATE)"
PLACE      := $(if $(ACCOUNT),--account "$(ACCOUNT)") $(if $(REGION),--region "$(REGION)")
SETTINGS   := $(foreach pair,$(CONTEXT),--context "$(pair)")

.DEFAULT_GOAL := help
# What the first run compiles is kept for the next one, whatever the calling shell says about bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ {print substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ Set up
.PHONY: install clean doctor

install: ## Install everything into .venv and .venvs (the targets that need it do so by themselves)
	@command -v "$(PYTHON)" >/dev/null || { echo "install: there is no $(PYTHON) on PATH: install Python 3.11, 3.12 or 3.13, or choose one: make PYTHON=/path/to/python3.13 ..." >&2; exit 1; }
	@"$(PYTHON)" tools/src/tidemark/installation/install.py $(if $(filter install,$(MAKECMDGOALS)),,--quiet)

clean: local-down ## Stop the local environment and remove everything that was installed or generated
	@test ! -x $(RUN) || $(RUN) -m tidemark.local.down --others
	rm -rf .venvs .local cdk.out infra_cdk/cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

doctor: ## Say what on this machine would stop it, with the fix; JSON=1 for programs; fails if anything does
	@command -v "$(PYTHON)" >/dev/null || { echo "doctor: there is no $(PYTHON) on PATH: install Python 3.11, 3.12 or 3.13, or choose one: make PYTHON=/path/to/python3.13 doctor" >&2; exit 1; }
	@"$(PYTHON)" tools/src/tidemark/doctor --state "$(STATE)" $(if $(PORT),--port "$(PORT)") $(if $(MODE),--mode "$(MODE)") $(if $(JSON),--json)

##@ Run it on this machine
.PHONY: local-up local-down status env e2e bench-latency bench bench-api scale transcript

local-up: install ## Start LocalStack, deploy to it, wait until all is ready; again: changes nothing
	@$(RUN) -m tidemark.local.up --state "$(STATE)" $(if $(PORT),--port "$(PORT)") $(if $(MODE),--mode "$(MODE)")

local-down: ## Stop what local-up started; no process and no port is left
	@if test -x $(RUN); then $(RUN) -m tidemark.local.down --state "$(STATE)"; \
	elif test -e .venvs || test -e "$(STATE)"; then \
		echo "local-down: .venv is missing, so what may still run is not found: make install local-down" >&2; exit 1; \
	else echo "local-down: nothing is installed here, so nothing is running"; fi

status: installed ## Show the local environment on one screen; fails if anything is not well
	@$(RUN) -m tidemark.local.status --state "$(STATE)"

env: installed ## Print the local environment's variables: eval "$(make -s env)"
	@$(RUN) -m tidemark.local.env --state "$(STATE)"

e2e: install ## Run the whole flow in the local environment and show the history and the plot
	@$(RUN) -m tidemark.local.env --state "$(STATE)" -- $(PYTEST) -q --no-header tests/e2e -m "not storm and not long" $(ARGS)

bench-latency: install ## Measure put to sample in the local environment, beside a listing tracker and the floor
	@$(RUN) -m tidemark.local.env --state "$(STATE)" -- $(RUN) -m tests.bench.latency --state "$(STATE)" $(ARGS)

bench: install ## Cost and speed per event beside a tracker that lists, the bill, the conflicts: docs/benchmarks.md
	@$(RUN) -m tests.bench.cost $(ARGS)
	@$(RUN) -m tests.bench.contention
	@$(RUN) -m tests.bench.profiling

bench-api: install ## Measure the read API in an environment of its own: warm, cold, pages read, drawing: docs/benchmarks.md
	@$(RUN) -m tidemark.local.within -- $(RUN) -m tests.bench.api $(ARGS)

scale: install ## Compute docs/scale.md, how far it goes and at what cost, and the bill in docs/aws.md, from constants
	@$(RUN) -m tests.bench.scale
	@$(RUN) -m tests.bench.standing

transcript: install ## Write docs/transcript.md from a fresh clone of HEAD and empty caches
	@$(RUN) -m tests.bench.transcript

##@ Change it and look at it
.PHONY: dev logs invoke demo reset bench-reload

dev: install ## Reload functions as their sources are saved, show logs; RELOAD=0 only looks, DEBUG=plotting lets a debugger attach
	@$(BE_UP)
	@$(RUN) -m tidemark.loop.dev --state "$(STATE)" $(if $(filter 0,$(RELOAD)),--no-reload) $(if $(DEBUG),--debug "$(DEBUG)") $(if $(DEBUG_PORT),--debug-port "$(DEBUG_PORT)")

logs: installed ## Show what the functions log, merged by time; FN=, REQUEST= (an id's beginning), SINCE= (minutes), FOLLOW=1
	@$(RUN) -m tidemark.loop.logs --state "$(STATE)" $(if $(FN),--function "$(FN)") $(if $(REQUEST),--request "$(REQUEST)") $(if $(SINCE),--since "$(SINCE)") $(if $(FOLLOW),--follow)

invoke: installed ## Invoke FN= with EVENT= (a file, or - for stdin; default: a sample), show result, log and duration
	@$(RUN) -m tidemark.loop.invoke --state "$(STATE)" --function "$(FN)" $(if $(EVENT),--event "$(EVENT)")

demo: install ## Upload a directory of your own (DIR=), watch its size being tracked, get its plot and the dashboard's URL
	@$(BE_UP)
	@$(RUN) -m tidemark.loop.demo --state "$(STATE)" --directory "$(DIR)"

reset: installed ## Empty buckets, tables and queues without a restart, and take the baseline anew
	@$(RUN) -m tidemark.loop.reset --state "$(STATE)"

bench-reload: install ## Measure how long a saved change takes to run in the local environment: docs/benchmarks.md
	@$(RUN) -m tests.bench.reload --state "$(STATE)" $(ARGS)

##@ Container images
.PHONY: images push-images test-docker bench-images

images: install ## Build the functions' and the local environment's images
	@$(RUN) -m tidemark.images.build

push-images: install ## Build the functions' images, push to ECR (REGISTRY=, ARCHITECTURE=), record their digests in images.json
	@$(RUN) -m tidemark.images.push $(if $(REGISTRY),--registry "$(REGISTRY)") $(if $(ARCHITECTURE),--architecture "$(ARCHITECTURE)")

test-docker: install ## Prove images, push and the environment in Docker on a real engine (installs one on Debian as root)
	@$(RUN) -m tests.docker.run

bench-images: install ## Measure the images, size and start with and without bytecode: docs/benchmarks.md
	@$(RUN) -m tests.bench.images $(ARGS)

##@ Deliver it (TARGET=dev or prod on AWS with your credentials; TARGET=local here)
.PHONY: bootstrap deploy validate diff destroy recover cdk

bootstrap: install ## Prepare the account and region for the CDK, once
	@$(RUN) -m tidemark.deliver.bootstrap $(DEPLOYMENT) $(PLACE)

deploy: install ## Deploy registry, images and stacks, take the baseline, print the API's URL
	@$(RUN) -m tidemark.deliver.deploy $(DEPLOYMENT) $(PLACE) $(SETTINGS)

validate: installed ## Check that a deployment does what it is for
	@$(RUN) -m tidemark.deliver.validate $(DEPLOYMENT) $(PLACE)

diff: install ## Show what a deployment would change
	@$(RUN) -m tidemark.deliver.diff $(DEPLOYMENT) $(PLACE) $(SETTINGS)

destroy: install ## Say what is lost, ask (or CONFIRM=), delete the stacks, list what is left
	@$(RUN) -m tidemark.deliver.destroy $(DEPLOYMENT) $(PLACE) $(SETTINGS) $(if $(CONFIRM),--confirm "$(CONFIRM)")

recover: installed ## Say why a stack is stuck, and the commands that get it out: STACK=
	@$(RUN) -m tidemark.deliver.recover $(DEPLOYMENT) --stack "$(STACK)"

cdk: install ## Run the CDK's pinned command line in infra_cdk with ARGS=; it is .venv/bin/cdk from then on
	@$(RUN) -m tidemark.deliver.command_line $(ARGS)

##@ Operate it (TARGET=local here, dev or prod on AWS with your credentials)
.PHONY: dashboard reconcile track restore redrive

dashboard: installed ## Serve the dashboard on this machine, signing with your credentials; PORT= (default: 8765)
	@$(RUN) -m tidemark.page.serve $(DEPLOYMENT) $(if $(PORT),--port "$(PORT)")

reconcile: installed ## Compare tracked buckets with their listings and heal what differs; BUCKET= for one
	@$(RUN) -m tidemark.operate.reconcile $(DEPLOYMENT) $(if $(BUCKET),--bucket "$(BUCKET)")

track: installed ## Track an existing bucket, whatever it holds: BUCKET=
	@$(RUN) -m tidemark.operate.track $(DEPLOYMENT) --bucket "$(BUCKET)"

restore: installed ## Put the samples of a restored table back into the history: FROM=
	@$(RUN) -m tidemark.operate.restore $(DEPLOYMENT) --from "$(FROM)"

redrive: installed ## Put what is in the dead-letter queues back into the queue
	@$(RUN) -m tidemark.operate.redrive $(DEPLOYMENT)

##@ Check it
.PHONY: test test-long test-browser test-unit mutants prove soak page check-page check lint types format synth
.PHONY: audit accept-replacement installed

test: install ## Run all tests but those of test-long, test-browser and test-docker, in an environment of their own
	@$(RUN) -m tidemark.local.within -- $(RUN) -m tests.side_by_side --durations=8 -m "not long and not browser" $(ARGS)

test-long: install ## Run the tests that take minutes, likewise: lost events, kills, edges, random histories
	@$(RUN) -m tidemark.local.within -- $(PYTEST) --durations=8 -m long $(ARGS)

test-browser: install ## Drive the dashboard in a real Chromium, likewise (CHROMIUM=; installs Debian's as root)
	@$(RUN) -m tests.browser.chromium
	@$(RUN) -m tidemark.local.within -- $(PYTEST) tests/browser -q --no-header $(ARGS)

test-unit: install ## Run the unit tests and those of the templates, which need no emulator
	@$(PYTEST) tests/unit tests/infra $(ARGS)

mutants: install ## Kill every known wrong variant of the accounting, and tell each one's shortest story
	@$(RUN) -m tests.property.mutants

prove: install ## Explore every interleaving of the accounting in larger worlds, more than a million states
	@$(RUN) -m tests.property.explore

soak: install ## Change, lose, repeat and break at random, in memory and on the local engine, for MINUTES= (default: 5)
	@$(RUN) -m tests.stateful.soak --minutes "$(or $(MINUTES),5)"

page: install ## Pack the dashboard's sources (services/plotting/page) into the one file that is served
	@$(RUN) -m tidemark.page.pack

check-page: install ## Hold that the packed page is what its sources and lock give, and run the tests of its parts
	@$(RUN) -m tidemark.page.pack --check

check: lint types ## Lint and check types

lint: install ## Check format and style
	@$(RUN) -m ruff format --check
	@$(RUN) -m ruff check

types: install ## Check types
	@$(RUN) -m mypy

format: install ## Format the code and mend what can be mended by itself
	@$(RUN) -m ruff format
	@$(RUN) -m ruff check --fix

synth: install ## Write the CloudFormation templates of TARGET to infra_cdk/cdk.out
	@$(RUN) -m infra_cdk.app -c target="$(TARGET)"

audit: install ## Check every lock against published advisories; OSV_URL= asks an OSV service instead of PyPI
	@$(RUN) -m tidemark.audit $(if $(OSV_URL),--osv-url "$(OSV_URL)")

accept-replacement: install ## Record what dev and prod hold as what is deployed, after a change that replaces it: docs/replacement.md
	@$(RUN) -m tests.infra.replacement

installed:
	@test -x $(RUN) || { echo "make: .venv is missing: run make install" >&2; exit 1; }
