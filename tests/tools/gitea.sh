# shellcheck shell=bash
# Builds Gitea, a forge with a container registry, and puts what it reads at run time beside it. Sourced by tools.sh.

GITEA=v1.26.0

gitea() {
  local folder=$CACHE/gitea-$GITEA
  once "$folder" gitea_build "$folder"
  echo "$folder/gitea"
}

gitea_build() { # FOLDER
  local source log=$1.log module=code.gitea.io/gitea
  command -v go >/dev/null || fail "gitea is built with Go, which is not here: install Go 1.26 or newer"
  say "build gitea $GITEA (ten minutes, once)"
  source=$(module_source $module $GITEA "$log")
  (
    cd "$1"
    # Its forks of modules are named by lines that count in a main module only.
    { echo "module docktag/gitea"; grep '^go ' "$source/go.mod"; echo "require $module $GITEA"; grep -E '^(replace|exclude) ' "$source/go.mod"; } >go.mod
    export GOFLAGS=-mod=mod
    go get "$module@$GITEA"
    nice go build -tags "sqlite sqlite_unlock_notify" -o gitea $module
    cp -r "$source/templates" "$source/options" "$source/public" .
    chmod -R u+w .
  ) >"$log" 2>&1 || fail_with_log "$log" "gitea $GITEA does not build"
}
