#!/bin/sh
# check.sh: whether pkg/ is what its sources give.
set -eu
cd "$(dirname "$0")/../.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
.ci/pkg/build.sh "$made"
# What `npm pack` leaves for a moment is not part of it.
if ! diff -r --exclude=node --exclude='LICENSE-*' "$made" pkg; then
  echo "pkg/ is not what its sources give: run \`make pkg\` and commit it" >&2
  exit 1
fi
