# bindstorm. `make help` lists the targets.

SWIFT ?= swift
PREFIX ?= /usr/local
PLAN ?= Scenarios/vllm-40443.json
SECONDS ?= 60
SEED ?= 1
# The worker must start fast and run where no Swift runtime is installed.
RELEASE = -c release --static-swift-stdlib
RELEASE_BIN = .build/release
EXECUTABLES = bindstorm bindstorm-worker bindstorm-frontend
BUILD_FRONT_END = $(SWIFT) build $(RELEASE) --product bindstorm-frontend

# The compiler lets a file import whatever is reachable; with this only what Package.swift declares.
IMPORTS = --explicit-target-dependency-import-check error
# Every suite that starts no process, as a regular expression: tests of a whole target, or one suite of a target.
# Tests/LayeringTests/QuickTests.swift holds this list to the sources.
QUICK = ArchiveTests DefinitionsTests ForcedCallsTests HistoryTests JSONTests JudgingTests LayeringTests LifelinesTests LinuxFactsTests ManualTests PlanTests \
	RaceLedgerTests ReportsTests RunContractTests TerminalTextTests TraceKitTests WorkersTests \
	FaultsTests.EngineSquatterTests FaultsTests.FaultInjectorTests FaultsTests.FaultNameTests FaultsTests.LootTests \
	PageKitTests PagesTests \
	InterceptionTests.AddressTests InterceptionTests.FrameChainTests InterceptionTests.ProcessTests InterceptionTests.PythonLineTests InterceptionTests.StrangerReplyTests InterceptionTests.SymbolTests \
	RaceReportingTests.EnumerationReportTests RaceReportingTests.FindingLifelinesTests RaceReportingTests.HostileTextTests RaceReportingTests.RemedyDocumentTests RaceReportingTests.TextPageTests RaceReportingTests.TextReportTests RaceReportingTests.TheftReportTests RaceReportingTests.WordsTests \
	EngineTests.HolderResolutionTests PortModelTests.FailureRateTests PortModelTests.LaunchSimulationTests PortModelTests.ResidentTests PortModelTests.SeedPurposeTests \
	StartupProtocolTests.FrontEndRecordTests \
	StatisticsTests.ChangePointTests StatisticsTests.ComparisonTests StatisticsTests.CoverageTests StatisticsTests.ErrorRateTests StatisticsTests.InverseSamplingTests StatisticsTests.KnownAnswerTests StatisticsTests.LowerRateTests StatisticsTests.SequentialTestTests \
	StartupProtocolTests.HandshakeBookTests StartupProtocolTests.MessagePackTests StartupProtocolTests.ParallelConfigurationTests \
	StrategiesTests.AdapterProtocolTests StrategiesTests.PortHolderTests StrategiesTests.RegistryTests \
	SyscallsTests.HostFactsTests SyscallsTests.HostLimitsTests SyscallsTests.InputFileTests SyscallsTests.ListenerReachTests
# Swift Testing waits for the processes of exit tests in a loop. It spins while another test's process has ended and is not
# reaped yet, or while every thread runs a test that blocks: beside all other tests it took 37 % of the suite's CPU time.
# So the suites with exit tests run by themselves.
EXIT_SUITES = $(shell .ci/exit-suites)
# A regular expression for what is in those suites.
suites = ^($(subst $(space),|,$(strip $(subst .,\.,$(1)))))[./]
QUICK_FILTER = $(call suites,$(QUICK))
EXIT_FILTER = $(call suites,$(EXIT_SUITES))
space := $(subst ,, )

# For the benchmark's Python peers and the adapters.
PYZMQ_PYTHON = .venv/bin/python
VERSION ?= 0.19.1
# All that Adapters/vllm_helper.py reads of a release.
VLLM_FILES = vllm/_version.py vllm/envs.py vllm/utils/network_utils.py vllm/v1/utils.py vllm/v1/engine/utils.py

.DEFAULT_GOAL := help
.PHONY: help generate generate-trace run statistics-python test test-build test-run test-contributing test-quick test-pages test-documents test-sanitize kills soak mutate fuzz build build-command setup setup-test reference bench bench-check test-check test-check-runtimes test-check-cpython test-check-clean adapters adapters-etcd vllm-helper sglang-helper real-vllm test-real-vllm vllm-sources test-vllm record-snapshots format lint manual install uninstall clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

# HTTP's libraries take longest to build, and few plans need them.
run: build-command ## install what is missing, build, run $(PLAN), print the matrix
	$(if $(shell grep -s '"http": *true' $(PLAN)),$(BUILD_FRONT_END))
	$(RELEASE_BIN)/bindstorm run $(PLAN)

test: test-build test-documents test-contributing test-run ## install what is missing, then run every test

test-run:
	$(SWIFT) test --skip-build --filter '$(EXIT_FILTER)'
	$(SWIFT) test --skip-build --skip '$(EXIT_FILTER)'

test-build: setup setup-test
	$(SWIFT) build --build-tests $(IMPORTS)

test-documents: ## follow the links of the documents
	@command -v python3 >/dev/null || .ci/install-packages python3
	@command -v git >/dev/null || .ci/install-packages git
	.ci/check-documents

test-contributing: setup ## do what CONTRIBUTING.md says in an overlay over the repository
	@command -v python3 >/dev/null || .ci/install-packages python3
	.ci/check-contributing

test-quick: setup ## only the tests that start no process: seconds after the build
	$(SWIFT) build --build-tests $(IMPORTS)
	$(SWIFT) test --skip-build --filter '$(QUICK_FILTER)'

# Chromium, its driver and axe open the pages. Where they cannot be installed, the target says why and is no failure.
PAGES_PYTHON = .venv/pages/bin/python
PAGES ?=

test-pages: setup ## open the pages of reports in headless Chromium: values, keyboard, accessibility, both themes; PAGES='--shots FOLDER'
	-@.ci/install-packages chromium chromium-driver python3 python3-venv
	-test -x $(PAGES_PYTHON) || python3 -m venv .venv/pages
	-$(PAGES_PYTHON) -m pip install -q selenium axe-core-python
	$(SWIFT) build --product bindstorm-worker
	$(SWIFT) build --product bindstorm
	$(PAGES_PYTHON) Tests/Pages/pages.py --bindstorm .build/debug/bindstorm $(PAGES) || [ $$? -eq 77 ]

# The same tests under sanitizers. Those that start processes are left out: workers are forked from a process that shares its
# memory with others, of which a sanitizer knows nothing. Leaks are not looked for: Swift never frees what globals hold. Each build has a folder of its own, kept between runs.
SANITIZERS ?= address thread

test-sanitize: setup ## the tests that start no process under the address and the thread sanitizer
	@for sanitizer in $(SANITIZERS); do \
		scratch=.build/sanitize-$$sanitizer; \
		$(SWIFT) build --build-tests --sanitize $$sanitizer --scratch-path $$scratch || exit 1; \
		ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --skip-build --sanitize $$sanitizer --scratch-path $$scratch \
			--filter '$(QUICK_FILTER)' || exit 1; \
	done

KILLS ?= 1000
SEED ?= 1

kills: setup ## kill and stop bindstorm's own processes at each boundary of a run, KILLS= of them, and take an inventory
	@command -v python3 >/dev/null || .ci/install-packages python3
	$(SWIFT) build
	python3 Tests/Kills/kills.py --kills $(KILLS) --seed $(SEED) --keep

TRIALS ?= 1000000

soak: build-command ## a run of TRIALS= trials whose memory and descriptors must be flat, eight runs at once, an upgrade in mid-run
	@command -v python3 >/dev/null || .ci/install-packages python3
	python3 Tests/Soak/soak.py --bindstorm $(RELEASE_BIN)/bindstorm --trials $(TRIALS)

# MUTANTS=1,5,9 runs a few of them, by their numbers in Tests/Mutants/mutants.json.
mutate: setup ## whether the tests notice small faults in the pure modules; MUTANTS= for a few of them
	@command -v python3 >/dev/null || .ci/install-packages python3
	SWIFT=$(SWIFT) MUTANTS=$(MUTANTS) python3 Tests/Mutants/mutate.py

fuzz: build-command ## give damaged plans, stored runs, answers and options to the release build; SECONDS=60 SEED=1
	@command -v python3 >/dev/null || .ci/install-packages python3
	python3 Tests/Fuzz/fuzz.py --binary $(RELEASE_BIN)/bindstorm --seconds $(SECONDS) --seed $(SEED)

build: build-command ## build the executables for release
	$(BUILD_FRONT_END)

build-command: setup
	$(SWIFT) build $(RELEASE) --product bindstorm-worker
	$(SWIFT) build $(RELEASE) --product bindstorm

setup: ## install the Debian packages that building needs
	@command -v $(SWIFT) >/dev/null || { echo "no Swift toolchain: install Swift 6.2 or newer from https://www.swift.org/install/linux/" >&2; exit 1; }
	@.ci/install-packages libzmq3-dev libsqlite3-dev zlib1g-dev

# Of Jenkins, as pytest's source distribution carries it.
JUNIT_SCHEMA = pytest-8.3.3/testing/example_scripts/junit-10.xsd

# For the tests that compare with independent implementations; without it they are skipped.
statistics-python: ## prepare .venv/statistics: SciPy, statsmodels, readers of OpenMetrics and of Perfetto's traces, the schema of JUnit XML
	@.ci/install-packages python3 python3-venv
	test -x .venv/statistics/bin/python || python3 -m venv .venv/statistics
	.venv/statistics/bin/pip install -q scipy statsmodels prometheus-client perfetto lxml
	test -s .venv/statistics/$(JUNIT_SCHEMA) || .venv/statistics/bin/pip download -q --no-deps --no-binary pytest \
		-d .venv/statistics pytest==8.3.3
	tar -xzf .venv/statistics/pytest-8.3.3.tar.gz -C .venv/statistics $(JUNIT_SCHEMA)

# An interpreter that already has the validator is used as it is.
setup-test:
	@python3 -c 'import jsonschema' 2>/dev/null || .ci/install-packages python3 python3-jsonschema

# Without events: whoever wants them runs the plan.
reference: build-command ## run the plan of the reference run anew, and keep it in Results/reference
	rm -rf .cache/reference
	$(RELEASE_BIN)/bindstorm run Scenarios/vllm-40443.json --results .cache/reference --events none --quiet
	mkdir -p Results/reference
	cd .cache/reference/vllm-40443/latest && \
		cp plan.json resolved.json environment.json matrix.json matrix.md report.html "$(CURDIR)/Results/reference"
	sed -i '/^  "host" :/d' Results/reference/environment.json
	$(RELEASE_BIN)/bindstorm report Results/reference --svg Results/reference/matrix.svg
	$(RELEASE_BIN)/bindstorm report Results/reference --markdown > Results/reference/comment.md

bench: build-command ## trials per second against hand-written peers, and the race detector's cost, as ratios; options in BENCH=
	@.ci/install-packages gcc libc6-dev python3
	@$(PYZMQ_PYTHON) -c 'import zmq' 2>/dev/null || { python3 -m venv .venv && $(PYZMQ_PYTHON) -m pip install -q pyzmq; } \
		|| echo "pyzmq cannot be installed; the Python peers will be skipped" >&2
	python3 Benchmarks/bench.py --bindstorm $(RELEASE_BIN)/bindstorm --python $(PYZMQ_PYTHON) $(BENCH)
	python3 Benchmarks/check_overhead.py --bindstorm $(RELEASE_BIN)/bindstorm

adapters: ## prepare the interpreter of the shipped adapters, .venv
	@.ci/install-packages python3 python3-venv
	@test -x $(PYZMQ_PYTHON) || python3 -m venv .venv
	$(PYZMQ_PYTHON) -m pip install -q pyzmq portpicker psutil urllib3

adapters-etcd: adapters ## the same, and etcd for the reservation adapter
	@.ci/install-packages etcd-server

vllm-helper: adapters ## fetch a vLLM wheel (430 MB), keep the few files the adapter reads; VERSION=0.19.1
	@rm -rf .cache/vllm/download && mkdir -p .cache/vllm/download .cache/vllm/$(VERSION)
	$(PYZMQ_PYTHON) -m pip download -q --no-deps --only-binary :all: --python-version 3.12 \
		$(foreach tag,1 _2_17 _2_28 _2_31 _2_34 _2_35,--platform manylinux$(tag)_x86_64) \
		-d .cache/vllm/download vllm==$(VERSION)
	$(PYZMQ_PYTHON) -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2], sys.argv[3:])' \
		.cache/vllm/download/*.whl .cache/vllm/$(VERSION) $(VLLM_FILES)
	@rm -rf .cache/vllm/download

# In a network namespace: a start has fixed ports of its own, and others take none of the chosen ones.
test-real-vllm: ## whether starts of a prepared release agree on ports between the levels; VERSION=
	@command -v strace >/dev/null || .ci/install-packages strace
	@command -v unshare >/dev/null || .ci/install-packages util-linux
	@command -v ip >/dev/null || .ci/install-packages iproute2
	BINDSTORM_REAL_VLLM=$${BINDSTORM_REAL_VLLM:-$(REAL_VLLM)} unshare -rn sh -c 'ip link set lo up && exec python3 -B Tests/RealVLLM/agreement.py $(if $(filter file,$(origin VERSION)),0.32.0,$(VERSION))'

SGLANG_FILES = sglang/srt/utils/network.py

sglang-helper: adapters ## fetch an SGLang wheel (39 MB), keep the file with its port helpers
	@rm -rf .cache/sglang .cache/sglang-download && mkdir -p .cache/sglang-download
	$(PYZMQ_PYTHON) -m pip download -q --no-deps --only-binary :all: -d .cache/sglang-download sglang$(if $(SGLANG_VERSION),==$(SGLANG_VERSION))
	$(PYZMQ_PYTHON) -c 'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); wheel.extractall(sys.argv[2], sys.argv[3:] + [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")])' \
		.cache/sglang-download/*.whl .cache/sglang $(SGLANG_FILES)
	@rm -rf .cache/sglang-download

# Where the environment goes; programs that start vLLM look there, too.
REAL_VLLM = $(CURDIR)/.cache/real-vllm
# The first that runs and is new enough; a name may belong to a version manager that has no such version.
REAL_VLLM_PYTHON = $(or $(PYTHON),$(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done),python3)
REAL_VLLM_RELEASES = $(if $(CHECKOUT),,$(if $(filter file,$(origin VERSION)),,$(VERSION)))

real-vllm: ## prepare real vLLM releases that plans start (600 MB, 1.9 GB on the disk); VERSION="0.32.0 0.19.1", or CHECKOUT=folder
	@$(REAL_VLLM_PYTHON) -c 'import venv, ensurepip' 2>/dev/null || .ci/install-packages python3 python3-venv
	BINDSTORM_REAL_VLLM=$${BINDSTORM_REAL_VLLM:-$(REAL_VLLM)} PIP_EXTRA_INDEX_URL="$(or $(TORCH_INDEX),$(PIP_EXTRA_INDEX_URL))" \
		$(REAL_VLLM_PYTHON) Adapters/real_vllm/prepare.py $(if $(CHECKOUT),--checkout $(CHECKOUT)) $(if $(KERNELS),--kernels $(KERNELS)) $(REAL_VLLM_RELEASES)

# Both releases that the model has a variant for, unless VERSION names one.
VLLM_RELEASES = $(if $(filter file,$(origin VERSION)),0.19.1 0.32.0,$(VERSION))
VLLM_SOURCES = .cache/vllm-sources

vllm-sources: ## fetch vLLM's wheels (210 MB), keep their Python sources in .cache/vllm-sources; VERSION= for one
	@command -v python3 >/dev/null || .ci/install-packages python3 python3-pip
	python3 Tests/VLLMTests/fetch.py $(VLLM_SOURCES) $(VLLM_RELEASES)

test-vllm: vllm-sources test-build ## hold the model to the sources of vLLM's releases; VERSION= for one
	@command -v strace >/dev/null || .ci/install-packages strace
	BINDSTORM_VLLM=$(CURDIR)/$(VLLM_SOURCES)/$(subst $(space),:$(CURDIR)/$(VLLM_SOURCES)/,$(VLLM_RELEASES)) \
		$(SWIFT) test --skip-build --filter VLLMTests

test-check: setup test-check-runtimes ## the race detector's acceptance suite at full length, 500 forced trees
	$(SWIFT) build --build-tests
	CHECK_TRIALS=500 $(SWIFT) test --skip-build --filter 'RaceLedgerTests|CheckTests'

# Runtimes that are missing are skipped by the tests, with the reason.
test-check-runtimes: ## install what the acceptance suite can use: go, a JDK, node, rustc, ruby, php, curl, libunwind, pyzmq, portpicker, py-spy, pytest
	@.ci/install-packages gcc libc6-dev python3 python3-venv golang-go default-jdk-headless nodejs rustc ruby php-cli curl \
		libunwind8 strace gdb util-linux
	test -x .venv/check/bin/python || python3 -m venv .venv/check
	.venv/check/bin/pip install -q pyzmq portpicker py-spy jupyter_client ipykernel pytest pytest-xdist pytest-asyncio

test-check-cpython: build-command ## CPython's own network tests with and without the race detector, compared
	@.ci/install-packages python3 util-linux iproute2
	@.ci/install-packages libpython$$(/usr/bin/python3 -c "import sys; print(*sys.version_info[:2], sep=\".\")")-testsuite
	PATH=$(CURDIR)/.venv/check/bin:$$PATH python3 Tests/CPython/compare.py --bindstorm $(RELEASE_BIN)/bindstorm

# What is missing is left out by the script, and named.
test-check-clean: build-command test-check-runtimes ## servers, clients and suites without a port race, in which the race detector must find none
	@.ci/install-packages redis-server nginx memcached etcd-server rsync openssh-client openssh-server git curl wget iproute2
	.venv/check/bin/pip install -q uvicorn gunicorn flask aiohttp
	python3 Tests/Clean/clean.py --bindstorm $(RELEASE_BIN)/bindstorm

record-snapshots: setup ## write the reports' current text into Tests/Snapshots and the glossary; read the difference
	RECORD_SNAPSHOTS=1 $(SWIFT) test --filter 'SnapshotTests|GlossaryTests'

bench-check: build-command ## only what the race detector costs
	@.ci/install-packages gcc libc6-dev python3
	python3 Benchmarks/check_overhead.py --bindstorm $(RELEASE_BIN)/bindstorm

generate: ## make what is generated from Sources/Schema/Definitions anew
	$(SWIFT) run --quiet bindstorm-generate .

# Not part of generate: protoc-gen-swift takes minutes to build, and perfetto.proto seldom changes.
generate-trace: ## make Sources/Base/TraceKit/perfetto.pb.swift anew from perfetto.proto beside it
	@command -v protoc >/dev/null || .ci/install-packages protobuf-compiler
	.ci/generate-trace

format: ## format the sources
	$(SWIFT) format -i -r Sources Tests Package.swift

lint: ## check the format, and that the mutants match the sources
	$(SWIFT) format lint --strict -r Sources Tests Package.swift
	@command -v python3 >/dev/null || .ci/install-packages python3
	python3 Tests/Mutants/mutate.py --check

# Manual pages and completions come from the command itself, so that they always fit it.
MANUAL = .build/manual
COMMAND = $(RELEASE_BIN)/bindstorm

manual: build-command ## write the manual pages and the completion scripts into .build/manual
	$(SWIFT) build $(RELEASE) --product bindstorm-generate
	rm -rf $(MANUAL)
	install -d $(MANUAL)
	$(COMMAND) --experimental-dump-help > $(MANUAL)/help.json
	$(RELEASE_BIN)/bindstorm-generate --manual $(MANUAL) < $(MANUAL)/help.json
	for shell in bash zsh fish; do $(COMMAND) --generate-completion-script $$shell > $(MANUAL)/completion.$$shell || exit 1; done

# Stripped: nothing reads the symbols at run time, and they are half of the size.
# What is found by a plan's name, and what editors need for plans.
SHARE = $(DESTDIR)$(PREFIX)/share/bindstorm
MAN = $(DESTDIR)$(PREFIX)/share/man/man1
# Where each shell looks for completions by itself.
BASH_COMPLETION = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_COMPLETION = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISH_COMPLETION = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

install: build manual ## install the executables, plans, schema, manual pages and completions under $(PREFIX)
	@command -v strip >/dev/null || .ci/install-packages binutils
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 $(EXECUTABLES:%=$(RELEASE_BIN)/%) $(DESTDIR)$(PREFIX)/bin/
	install -d $(SHARE)/Scenarios/schema
	install -m 644 Scenarios/*.json $(SHARE)/Scenarios/
	install -m 644 Scenarios/schema/*.json $(SHARE)/Scenarios/schema/
	install -d $(MAN) $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
	install -m 644 $(MANUAL)/*.1 $(MAN)/
	install -m 644 $(MANUAL)/completion.bash $(BASH_COMPLETION)/bindstorm
	install -m 644 $(MANUAL)/completion.zsh $(ZSH_COMPLETION)/_bindstorm
	install -m 644 $(MANUAL)/completion.fish $(FISH_COMPLETION)/bindstorm.fish

uninstall: ## remove them again
	rm -f $(EXECUTABLES:%=$(DESTDIR)$(PREFIX)/bin/%)
	rm -rf $(SHARE)
	rm -f $(MAN)/bindstorm.1 $(MAN)/bindstorm-*.1 $(BASH_COMPLETION)/bindstorm $(ZSH_COMPLETION)/_bindstorm \
		$(FISH_COMPLETION)/bindstorm.fish

clean: ## remove what was built; results stay
	rm -rf .build Benchmarks/peers/bin
