#!/bin/sh
# build.sh [FOLDER]: makes the npm package, in pkg/ where no folder is named. The same sources give the same bytes wherever they lie.
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-pkg}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# rustup installs the toolchain, but not a target that a toolchain already there lacks.
rustup target add wasm32-unknown-unknown
# Paths of this machine are not to be in the wasm, and flags of the caller are not to change it.
separator=$(printf '\037')
CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo${separator}--remap-path-prefix=$PWD=/docktag" \
  cargo build --locked --lib --profile wasm --target wasm32-unknown-unknown
cargo build --locked --release --manifest-path .ci/pkg/Cargo.toml --target-dir target/pkg-tool
mkdir -p "$folder"
target/pkg-tool/release/docktag-pkg target/wasm32-unknown-unknown/wasm/docktag.wasm "$folder"
# Types of the raw exports, which nobody needs.
rm -f "$folder/docktag_bg.wasm.d.ts"
# `using` is not everywhere; what a browser needs to load the module, Node does not have.
sed -i '/\[Symbol.dispose\]/d' "$folder/docktag.d.ts"
sed '/^export type InitInput/,$d' "$folder/docktag.d.ts" | cat - .ci/pkg/npm/node.d.ts >"$folder/node.d.ts"
cp .ci/pkg/npm/README.md .ci/pkg/npm/node.js .ci/pkg/npm/prepack.js "$folder/"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sed "s/VERSION/$version/" .ci/pkg/npm/package.json >"$folder/package.json"
