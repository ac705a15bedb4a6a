#!/bin/sh
# build.sh TARGET: the program of a release, in target/TARGET/release. The same sources give the same bytes wherever they and cargo's
# folder lie, with the toolchain that rust-toolchain.toml names; again.sh shows it.
set -eu
cd "$(dirname "$0")/../.."
rustup target add "$1"
# No path of this machine stays in the program, and no flag of the caller changes it. A path may have spaces, so what is between flags is the
# character that cargo has for that.
between=$(printf '\037')
CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo${between}--remap-path-prefix=$PWD=/docktag" \
  cargo build --release --locked --bin docktag --target "$1"
