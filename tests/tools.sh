#!/usr/bin/env bash
# tools.sh: the programs that tests are made with, beside engine.sh, which has the engine and the registries.
#
#   tests/tools.sh NAME...    make these available where they are not yet, and print the path of each on a line
#
#   act                       runs workflows as GitHub does             built with Go
#   registry                  distribution 3, a registry            built with Go
#   memoryregistry            go-containerregistry's registry       built with Go
#   gitea                     a forge with a registry               built with Go
#   actionlint, shellcheck    check workflows, shell scripts            built with Go, from Debian
#   chromium, firefox         browsers: the machine's own, else those   from Debian
#   judge                     asks BuildKit for many images         built with Go
#   cargodeny                 checks licences and sources of crates built with Cargo
#   checkjsonschema           check-jsonschema, for CircleCI's files    from PyPI
#   pyyaml                    a Python that can `import yaml`           from PyPI
#   zizmor                    looks for holes in workflows          from PyPI
#   modules                   tests/action/node_modules, with Node 24   from npm
#
# The machine stays as it is: all but the modules lies in a cache folder, which engine.sh uses too, and a tool that is
# there is found without a network. Two calls at once do not harm each other.
#
# Variables: DOCKTAG_TEST_CACHE (the cache folder), ENGINE_MIRROR (URL of a Debian mirror, else the one in the machine's
# apt sources).
set -eu
shopt -s inherit_errexit # else a failure inside $(...) is lost

usage() { sed -nE '/^#   [a-z]/s/^# //p' "$HERE/tools.sh" >&2; exit 2; }
say() { printf 'tools.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
fail_with_log() { # LOG MESSAGE: the reason is at the end of the log
  say "$2; the end of $1:"
  tail -n 15 "$1" >&2 || true
  exit 1
}

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${DOCKTAG_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/docktag-tests}
. "$HERE/engine/packages.sh"
unusable() { fail "cannot do this here: $1"; } # packages.sh says more, which is about engines
. "$HERE/tools/install.sh"
. "$HERE/tools/browsers.sh"
. "$HERE/tools/judge.sh"
. "$HERE/tools/gitea.sh"

tool() {
  case $1 in # the versions are part of the folders' names: a new one is got where only the old one is there
    act) go_tool act github.com/nektos/act v0.2.89 ;;
    registry) go_tool registry github.com/distribution/distribution/v3/cmd/registry v3.1.2 ;;
    memoryregistry) go_tool registry github.com/google/go-containerregistry/cmd/registry v0.21.7 ;;
    gitea) gitea ;;
    actionlint) go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint v1.7.12 ;;
    judge) judge ;;
    shellcheck) debian_tool shellcheck ;;
    chromium) chromium ;;
    firefox) firefox ;;
    cargodeny) cargo_tool cargo-deny 0.20.2 ;;
    checkjsonschema) python_tool check-jsonschema 0.39.0 check-jsonschema ;;
    modules) modules "$HERE/action" ;;
    pyyaml) python_tool pyyaml 6.0.3 python ;;
    zizmor) python_tool zizmor 1.32.0 zizmor ;;
    *) usage ;;
  esac
}

[ $# -ge 1 ] || usage
for NAME in "$@"; do tool "$NAME"; done
