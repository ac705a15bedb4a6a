# shellcheck shell=bash
# Builds tests/tools/judge, with all versions that BuildKit itself is built with. Sourced by tools.sh.

BUILDKIT=v0.34.2 # as in engine/builder.sh

judge() {
  local folder
  folder=$CACHE/judge-$BUILDKIT-$(cksum <"$HERE/tools/judge/main.go" | cut -d ' ' -f 1)
  once "$folder" judge_build "$folder"
  echo "$folder/judge"
}

judge_build() { # FOLDER
  local source log=$1.log
  command -v go >/dev/null || fail "judge is built with Go, which is not here: install Go 1.26 or newer"
  say "build judge with BuildKit $BUILDKIT (some minutes, once)"
  source=$(go mod download -json "github.com/moby/buildkit@$BUILDKIT" 2>"$log" | sed -nE 's/^\t"Dir": "(.*)",$/\1/p')
  [ -n "$source" ] || fail_with_log "$log" "the Go module of BuildKit cannot be downloaded"
  cp "$HERE/tools/judge/main.go" "$source/go.mod" "$source/go.sum" "$1"
  chmod u+w "$1"/go.*
  (
    cd "$1"
    go mod edit -module judge -require "github.com/moby/buildkit@$BUILDKIT" -replace "github.com/moby/buildkit=$source"
    go build -trimpath -ldflags "-w -s" -o judge .
  ) >"$log" 2>&1 || fail_with_log "$log" "judge does not build"
}
