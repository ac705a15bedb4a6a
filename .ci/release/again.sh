#!/bin/sh
# again.sh TARGET: builds the last commit a second time, in another folder and with another folder of cargo's, and compares what came of it
# with what build.sh has made.
set -eu
cd "$(dirname "$0")/../.."
program=target/$1/release/docktag
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/another place"
git archive HEAD | tar -x -C "$folder/another place"
unset CARGO_TARGET_DIR
CARGO_HOME="$folder/cargo" "$folder/another place/.ci/release/build.sh" "$1"
sha256sum "$program" "$folder/another place/$program"
cmp "$program" "$folder/another place/$program"
echo "$1: the same bytes"
