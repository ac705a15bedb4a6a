#!/bin/sh
# build.sh [FOLDER]: makes the npm package, in pkg/ where no folder is named. The same sources give the same bytes wherever they lie.
# Why std is built too, and what wasm-opt brings: docs/adr/0008-pkg.md.
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-pkg}
target=wasm32-unknown-unknown
wasm=target/pkg/$target/wasm/docktag.wasm
# rustup installs the toolchain, but not what a toolchain already there lacks.
rustup target add "$target"
rustup component add rust-src
# Paths of this machine are not to be in the wasm, and flags of the caller are not to change it.
# The stack lies in front of the data; a smaller one than the usual 1 MiB makes all addresses one byte shorter.
flags=
for flag in \
  "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  "--remap-path-prefix=$(rustc --print sysroot)=/rust" \
  "--remap-path-prefix=$PWD=/docktag" \
  -Ctarget-feature=+simd128 -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Clink-arg=-zstack-size=851968; do
  flags=${flags:+$flags$(printf '\037')}$flag
done
RUSTC_BOOTSTRAP=1 CARGO_ENCODED_RUSTFLAGS=$flags \
  cargo build --locked --lib --profile wasm --target "$target" --target-dir target/pkg \
  -Zbuild-std=core,alloc,std,panic_abort -Zbuild-std-features=optimize_for_size
cargo build --locked --release --manifest-path .ci/pkg/Cargo.toml --target-dir target/pkg-tool
mkdir -p "$folder"
target/pkg-tool/release/docktag-pkg "$wasm" "$folder"
[ -x .ci/pkg/node_modules/.bin/wasm-opt ] || npm --prefix .ci/pkg ci --no-audit --no-fund
# The skipped passes make a module smaller, but harder to compress. Functions of like names are alike, and compress better side by side.
# Nothing but the end of the stack is below 1024, so addresses may be folded into what reads there (--low-memory-unused).
skipped='--skip-pass=inlining-optimizing --skip-pass=local-cse --skip-pass=code-pushing --skip-pass=reorder-functions'
for name in docktag_bg docktag_rest; do
  .ci/pkg/node_modules/.bin/wasm-opt --low-memory-unused -Os $skipped --flatten --rereloop -Os --reorder-functions-by-name --strip-debug --strip-producers \
    --enable-bulk-memory --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext --enable-simd \
    "$folder/$name.wasm" -o "$folder/$name.wasm"
done
# Types of the raw exports, which nobody needs.
rm -f "$folder/docktag_bg.wasm.d.ts"
# `using` is not everywhere; what a browser needs to load the module, Node does not have.
sed -i '/\[Symbol.dispose\]/d' "$folder/docktag.d.ts"
sed '/^export type InitInput/,$d' "$folder/docktag.d.ts" | cat - .ci/pkg/npm/node.d.ts >"$folder/node.d.ts"
for file in README.md files.js files.d.ts node.js web.js web.d.ts prepack.js; do cp ".ci/pkg/npm/$file" "$folder/"; done
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sed "s/VERSION/$version/" .ci/pkg/npm/package.json >"$folder/package.json"
