# Two commands for newcomers: `make demo` trains on real data, `make test` runs every test. Both install what is missing.

SWIFT ?= swift
# C is compiled at -O0 in debug builds, which makes kernels ten times slower; tests want neither that nor an optimised Swift build.
TEST_FLAGS := -Xcc -O2

.PHONY: build demo test bench-peers lint format clean

build:
	@Scripts/install.sh build
	$(SWIFT) build -c release --product glissade

demo:
	@Scripts/install.sh demo
	$(SWIFT) build -c release --product glissade
	.build/release/glissade train --data fashion-mnist --model lenet --epochs 5

test:
	@Scripts/install.sh test
	$(SWIFT) build --build-tests $(TEST_FLAGS)
	Scripts/test.sh $(SWIFT) test --skip-build $(TEST_FLAGS)

# More options: make bench-peers PEERS_FLAGS="--rounds 5"; bench/peers/run.py --help lists them.
bench-peers:
	@Scripts/install.sh peers
	$(SWIFT) build -c release --product glissade
	bench/peers/run.py $(PEERS_FLAGS)

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Examples bench

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Examples bench

clean:
	rm -rf .build
