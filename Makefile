# The two commands of the README: `make demo` and `make test`.
.PHONY: demo test check audit fuzz torture pkg orb bench

# The recipe's whole cycle on a real engine and registry, set up where missing.
demo:
	cargo build --release --locked
	DOCKTAG_BIN="$(CURDIR)/target/release/docktag" tests/demo.sh

# Everything that CI runs: all parts, and what failed at the end.
test:
	tests/all.sh

# What needs neither engine nor network; pkg/ must be what its sources give.
check:
	cargo fmt --check
	cargo clippy --locked --all-targets
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib
	.ci/pkg/check.sh
	if command -v cargo-deny >/dev/null; then tests/audit.sh --offline; fi

# What docktag is made of: licences, sources and known flaws of all crates, and the workflows. What it needs is built where it is missing.
audit:
	"$$(tests/tools.sh zizmor)" --offline --no-progress --persona=pedantic .github action.yml
	tests/audit.sh

# The parsers on random input, each for so many seconds.
fuzz:
	tests/fuzz/run.sh $(or $(SECONDS),600)

# Every promise of docs/reliability.md, tried for minutes, or with LENGTH=hours for hours; writes its figures there.
torture:
	rm -rf target/torture
	npm --prefix tests/action ci --no-audit --no-fund
	DOCKTAG_TORTURE=$(or $(LENGTH),minutes) cargo test --locked --test e2e torture
	cargo build --release --locked
	DOCKTAG_TORTURE=$(or $(LENGTH),minutes) tests/hostile.py target/release/docktag
	$(if $(filter hours,$(LENGTH)),RUNS=10000000) DOCKTAG_TORTURE=$(or $(LENGTH),minutes) tests/fuzz/run.sh 20
	tests/reliability.py

# The npm package with the wasm that the action uses, from its sources: the only way it changes.
pkg:
	.ci/pkg/build.sh

# The orb in one file, as CircleCI takes it.
orb:
	"$$(tests/tools.sh pyyaml)" .ci/orb/pack.py action/orb target/orb.yml

# Us and the peers side by side in one run; writes docs/benchmarks.md.
bench:
	cargo build --release --locked
	python3 tests/bench/bench.py --bin target/release/docktag --write
