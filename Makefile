# Three commands for newcomers: `make demo` trains on real data, `make demo-finetune` fine-tunes a network trained on ImageNet, `make test`
# runs every test. All install what is missing.

SWIFT ?= swift
PREFIX ?= /usr/local
# Debug builds, but optimised: kernels are C, which is ten times slower at -O0, and with Swift at -Onone what runs the command takes twice the time.
TEST_FLAGS := $(shell cat Scripts/test-flags)

.PHONY: build demo demo-finetune test test-report docs install uninstall deb conformance-table course-tables bench-peers bench-finetuning lint format clean

build:
	@Scripts/install.sh build
	$(SWIFT) build -c release --product glissade

demo:
	@Scripts/install.sh demo
	$(SWIFT) build -c release --product glissade
	.build/release/glissade train --data fashion-mnist --model lenet --epochs 5

# More options: make demo-finetune FINETUNE_FLAGS="--unfreeze-at 4 --stay-close 1e-3 --augment flip,crop,color-jitter"
demo-finetune:
	@Scripts/install.sh demo-finetune
	$(SWIFT) build -c release --product glissade
	Scripts/demo-finetune.sh $(FINETUNE_FLAGS)

test:
	@Scripts/install.sh test
	$(SWIFT) build --build-tests $(TEST_FLAGS)
	Scripts/test.sh $(SWIFT) test --skip-build $(TEST_FLAGS)

# The pages that runs leave, in a real browser. Pictures of them: make test-report PICTURES=.build/pages
test-report:
	@Scripts/install.sh report
	$(SWIFT) build $(TEST_FLAGS) --product glissade
	Scripts/report.sh $(PICTURES)

# Every public declaration and the course, as a site for any server of files: .build/docs/site. To look at it:
# python3 -m http.server --directory .build/docs/site. For another place on the server: make docs DOCS_FLAGS="--base /glissade"
docs:
	@Scripts/install.sh build
	$(SWIFT) build $(TEST_FLAGS) --target Glissade
	Scripts/documentation.py --check $(DOCS_FLAGS)

# For everybody on this machine, or below PREFIX: make install PREFIX=$$HOME/.local. Runs where no Swift is.
install:
	@Scripts/install.sh build
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install-command.sh

uninstall:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install-command.sh uninstall

# .build/glissade_VERSION_ARCHITECTURE.deb
deb:
	@Scripts/install.sh deb
	Scripts/make-deb.sh

# Every OpenCL implementation that can be installed: docs/conformance.md.
conformance-table:
	@Scripts/install.sh test
	$(SWIFT) build $(TEST_FLAGS) --product glissade
	$(SWIFT) build $(TEST_FLAGS) --product GlissadeConformance
	-Scripts/implementations.sh all
	Scripts/conformance-table.py

# Optimizers, activations, losses and ensembles of lenet on Fashion-MNIST: writes docs/course.md. It takes hours, and goes on with what is in
# bench/results/course.json:
# make course-tables COURSE_FLAGS="--minutes 60"; Scripts/course-tables.py --help lists the options.
course-tables:
	@Scripts/install.sh test
	$(SWIFT) build -c release --product glissade
	Scripts/course-tables.py $(COURSE_FLAGS)

# More options: make bench-peers PEERS_FLAGS="--rounds 5"; bench/peers/run.py --help lists them.
bench-peers:
	@Scripts/install.sh peers
	$(SWIFT) build -c release --product glissade
	bench/peers/run.py $(PEERS_FLAGS)

# After bench-peers, which installs the peers: what somebody who fine-tunes waits for.
bench-finetuning:
	@Scripts/install.sh peers
	$(SWIFT) build -c release --product glissade
	$(SWIFT) build -c release --product GlissadeLoading
	weights=$$(.build/release/glissade weights efficientnet-lite0) && bench/peers/finetuning.py "$$weights" /usr/share/tuxpaint/stamps

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Examples bench

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Examples bench

clean:
	rm -rf .build
