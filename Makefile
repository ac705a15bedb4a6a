# The two commands of the README: `make demo` and `make test`.
.PHONY: demo test check bench

# The recipe's whole cycle on a real engine and registry, set up where missing.
demo:
	cargo build --release --locked
	DOCKTAG_BIN="$(CURDIR)/target/release/docktag" tests/demo.sh

# Everything that CI runs.
test: check
	cargo test --locked

# What needs neither engine nor network.
check:
	cargo fmt --check
	cargo clippy --locked --all-targets
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib
	cargo build --locked --lib --target wasm32-unknown-unknown

# Us and the peers side by side in one run; writes docs/benchmarks.md.
bench:
	cargo build --release --locked
	python3 tests/bench/bench.py --bin target/release/docktag --write
