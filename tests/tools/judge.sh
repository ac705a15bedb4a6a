# shellcheck shell=bash
# Builds tests/tools/judge, with all versions that BuildKit itself is built with. Sourced by tools.sh.

judge() {
  local version=v0.34.2 folder
  folder=$CACHE/judge-$version-$(cksum <"$HERE/tools/judge/main.go" | cut -d ' ' -f 1)
  once "$folder" judge_build $version "$folder"
  echo "$folder/judge"
}

judge_build() { # VERSION FOLDER
  local source log=$2.log buildkit=github.com/moby/buildkit
  source=$(module_source $buildkit "$1" "$log")
  cp "$HERE/tools/judge/main.go" "$source/go.mod" "$source/go.sum" "$2"
  chmod u+w "$2"/go.*
  (
    cd "$2"
    go mod edit -module judge -require "$buildkit@$1" -replace "$buildkit=$source"
    go build -trimpath -ldflags "-w -s" -o judge .
  ) >"$log" 2>&1 || fail_with_log "$log" "judge does not build"
}
