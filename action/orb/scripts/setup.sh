# Puts a docktag program on PATH for later steps, through $BASH_ENV. Of three ways the first that can be gone here is gone;
# one that then fails is an error and not a reason to try the next, since a failure ignored is a failure hidden:
#
#   path      the docktag that is on PATH already
#   npm       the npm package, where Node 20 or newer and npm are there, and no digest was asked for
#   release   the release's binary; it is not even unpacked before its SHA-256 was found right
#
# Variables: ORB_VERSION, ORB_FROM, ORB_NPM_REGISTRY, ORB_RELEASE_URL, ORB_SHA256 as described in commands/setup.yml, and
# ORB_WAIT, the seconds before a download is tried again (2, then twice that). Every one is checked before it is used.
# shellcheck shell=bash
if [ -z "${BASH_VERSION-}" ]; then
  echo "docktag setup: the step's shell is not bash, expected bash, which reads the file that BASH_ENV names: take an image that has it" >&2
  exit 2
fi
set -eu -o pipefail
LC_ALL=C # elsewhere a range such as [0-9] may match more characters

say() { printf 'docktag setup: %s\n' "$*"; }
fail() {
  say "$@" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

main() {
  local program found
  case $ORB_FROM in
    any | path | npm | release) ;;
    *) fail "from: not a way to get docktag, expected any, path, npm or release" ;;
  esac
  # Arithmetic runs the commands in an array index, such as `x[$(...)]`.
  case ${ORB_WAIT=2} in
    [0-9] | [1-9][0-9]) ;;
    *) fail "ORB_WAIT: not a number of seconds, expected 0 to 99: set it to a number, or unset it" ;;
  esac
  case $ORB_VERSION in
    [0-9]*.[0-9]*.[0-9]*) ;;
    *) fail "version: \"$ORB_VERSION\" is none, expected one such as 0.1.0" ;;
  esac
  case $ORB_VERSION in
    *[!0-9A-Za-z.+-]*) fail "version: \"$ORB_VERSION\" is none, expected one such as 0.1.0" ;;
  esac

  if [ "$ORB_FROM" = any ] || [ "$ORB_FROM" = path ]; then
    if program=$(command -v docktag); then
      found=$("$program" --version) || fail "$program: does not run, expected a docktag that does: remove it, or set \`from: release\`"
      say "$program is used, it is $found"
      [ "$found" = "docktag $ORB_VERSION" ] || say "the version asked for is $ORB_VERSION: set \`from: npm\` or \`from: release\` to install it"
      return
    fi
    [ "$ORB_FROM" = any ] || fail "PATH: there is no docktag, expected one since \`from\` is path: install it before, or set \`from: any\`"
  fi

  [ -n "${BASH_ENV-}" ] || fail "BASH_ENV: is not set, expected the file that later steps read: CircleCI sets it, elsewhere set it yourself"
  case $ORB_FROM in
    npm) needs_npm ;;
    release) needs_loader ;;
    *)
      if [ -z "$ORB_SHA256" ] && has_npm; then
        ORB_FROM=npm
      elif has_loader; then
        ORB_FROM=release
      else
        fail "PATH: there is neither docktag, nor node 20 or newer with npm, nor curl or GNU Wget 1, expected one of them: install curl, or take an image that has one"
      fi
      ;;
  esac
  install_docktag
}

# In a folder that appears at once or not at all: a job that is ended in between leaves nothing that could be taken for docktag.
install_docktag() {
  local home found
  home=${XDG_CACHE_HOME:-$HOME/.cache}/docktag
  mkdir -p "$home"
  FOLDER=$(mktemp -d "$home/$ORB_VERSION.XXXXXX") # a folder of this job's own: jobs on one machine do not meet
  trap 'rm -rf "$FOLDER"' EXIT
  "from_$ORB_FROM"
  found=$("$FOLDER/bin/docktag" --version) || fail "$FOLDER/bin/docktag: does not run on this machine ($(uname -sm)): set \`from\` to another way"
  [ "$found" = "docktag $ORB_VERSION" ] || fail "$SOURCE: is \"$found\", expected docktag $ORB_VERSION: set \`version\` to what is there"
  # A last line without an end would swallow ours.
  if [ -s "$BASH_ENV" ] && [ -n "$(tail -c 1 "$BASH_ENV")" ]; then echo >>"$BASH_ENV"; fi
  # shellcheck disable=SC2016 # for the later steps to expand
  printf 'export PATH=%q:"$PATH"\n' "$FOLDER/bin" >>"$BASH_ENV"
  trap - EXIT
  say "$FOLDER/bin/docktag is used, it is $found from $SOURCE"
}

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }
has_npm() { have npm && have node && [ "$(node_major)" -ge 20 ]; }
needs_npm() { has_npm || fail "PATH: there is no npm with node 20 or newer, expected them since \`from\` is npm: take an image that has them, or set \`from: release\`"; }
has_loader() { have curl || has_wget; }
needs_loader() { has_loader || fail "PATH: there is neither curl nor GNU Wget 1, expected one of them since \`from\` is release: install curl, or take an image that has it"; }
# Wget2 and BusyBox follow redirects to plain HTTP whatever their options, and BusyBox may not check certificates.
has_wget() {
  case $(wget --version 2>/dev/null) in
    "GNU Wget 1."*) ;;
    *) return 1 ;;
  esac
}

# Only a port or a path follows the host. So a user such as `127.0.0.1:x@` is never taken for the host, and no password reaches a log.
is_address() { # ADDRESS
  local pattern='^https?://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/[!-~]*)?$'
  [[ $1 =~ $pattern ]]
}
is_loopback() { # ADDRESS
  local pattern='^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/[!-~]*)?$'
  [[ $1 =~ $pattern ]]
}
is_https() { [[ $1 = https://* ]]; }
check_address() { # PARAMETER ADDRESS
  # The text is not printed: it may contain a password.
  is_address "$2" || fail "$1: not an address, expected https://HOST/PATH without user, password or blanks: correct \`$1\`"
}

# npm checks the package against the digest that its registry names, and runs none of its scripts.
from_npm() {
  local direct='' options=${NODE_OPTIONS-} registry=$ORB_NPM_REGISTRY
  SOURCE="npm package docktag@$ORB_VERSION"
  if [ -z "$registry" ]; then
    registry=$(npm config get registry 2>/dev/null) || true
  else
    check_address npm_registry "$registry"
    if is_loopback "$registry"; then
      direct=yes
    elif ! is_https "$registry"; then
      fail "$registry: is not https, expected https, since the registry names the digest of the package: correct \`npm_registry\`"
    fi
  fi
  # npm follows a redirect from https to plain HTTP, and has no option against it.
  if is_https "$registry"; then
    options+=" --import=data:text/javascript,import%20http%20from%20'http';http.request=()=>{throw%20Error('plain%20HTTP%20is%20refused')}"
  fi
  NODE_OPTIONS=$options npm install --global --prefix "$FOLDER" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error \
    --fetch-retries 2 --fetch-retry-mintimeout "$((ORB_WAIT * 1000))" --fetch-retry-maxtimeout 10000 ${direct:+--noproxy '127.0.0.1,localhost,[::1]'} \
    ${ORB_NPM_REGISTRY:+--registry "$ORB_NPM_REGISTRY"} "docktag@$ORB_VERSION" ||
    fail "$SOURCE: npm cannot install it, see above: check \`version\` and \`npm_registry\`, or set \`from: release\`"
  [ -e "$FOLDER/bin/docktag" ] || fail "$SOURCE: has no program \`docktag\`, expected docktag's own package: check \`npm_registry\`"
}

from_release() {
  local target name url expected actual
  case "$(uname -s) $(uname -m)" in
    "Linux x86_64" | "Linux amd64") target=x86_64-unknown-linux-musl ;;
    "Linux aarch64" | "Linux arm64") target=aarch64-unknown-linux-musl ;;
    "Darwin x86_64") target=x86_64-apple-darwin ;;
    "Darwin arm64") target=aarch64-apple-darwin ;;
    *) fail "$(uname -sm): has no release, expected Linux or macOS on x86_64 or arm64: install Node 20 or newer, for \`from: npm\`" ;;
  esac
  name=docktag-$ORB_VERSION-$target
  url=${ORB_RELEASE_URL//\{version\}/$ORB_VERSION}
  check_address release_url "$url"
  # Whoever can change the archive on its way can change SHA256SUMS too.
  is_https "$url" || is_loopback "$url" || [ -n "$ORB_SHA256" ] ||
    fail "$url: is not https, expected https or the digest: set \`sha256\`"
  SOURCE=${url%/}/$name.tar.gz

  if [ -n "$ORB_SHA256" ]; then
    expected=$ORB_SHA256
  else
    download "${url%/}/SHA256SUMS" "$FOLDER/SHA256SUMS"
    expected=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' "$FOLDER/SHA256SUMS")
    [ -n "$expected" ] || fail "${url%/}/SHA256SUMS: has no line for $name.tar.gz, expected one: check \`version\` and \`release_url\`"
  fi
  expected=$(printf %s "$expected" | tr A-F a-f)
  case $expected in
    *[!0-9a-f]*) fail "sha256: \"$expected\" is no SHA-256, expected 64 hexadecimal digits" ;;
  esac
  [ ${#expected} -eq 64 ] || fail "sha256: \"$expected\" is no SHA-256, expected 64 hexadecimal digits"

  download "$SOURCE" "$FOLDER/$name.tar.gz"
  actual=$(sha256 "$FOLDER/$name.tar.gz") || fail "PATH: there is neither sha256sum nor shasum nor openssl, expected one of them to check $SOURCE"
  [ "$actual" = "$expected" ] || fail "$SOURCE: has the SHA-256 $actual, expected $expected: it is not what was released, do not use it"

  mkdir "$FOLDER/bin"
  tar -xzf "$FOLDER/$name.tar.gz" -C "$FOLDER" "$name/docktag" || fail "$SOURCE: has no $name/docktag, expected docktag's own release: check \`release_url\`"
  mv "$FOLDER/$name/docktag" "$FOLDER/bin/docktag"
  rm -rf "${FOLDER:?}/$name" "$FOLDER/$name.tar.gz" "$FOLDER/SHA256SUMS"
}

sha256() { # FILE
  if have sha256sum; then
    sha256sum
  elif have shasum; then
    shasum -a 256
  elif have openssl; then
    openssl dgst -sha256 -r
  else
    return 1
  fi <"$1" | cut -d ' ' -f 1
}

# Three attempts where the trouble may pass; none after an answer that will stay the same.
download() { # URL FILE
  local attempt status wait=$ORB_WAIT
  for attempt in 1 2 3; do
    if status=$(load "$1" "$2"); then return; fi
    case $status in
      408 | 429) ;;
      3*) fail "$1: redirects to an address that does not begin with https://, or more than 10 times: set \`release_url\` to the final address" ;;
      4*) fail "$1: the server's answer is $status, expected the file: check \`version\` and \`release_url\`" ;;
    esac
    [ "$attempt" -lt 3 ] || break
    say "$1: did not arrive whole (${status:-no answer}), next attempt in $wait s"
    sleep "$wait"
    wait=$((wait * 2))
  done
  fail "$1: did not arrive whole (${status:-no answer}) in 3 attempts, expected the file: try again later, or check \`release_url\`"
}

# Prints the status of the last answer, or nothing if there was none. Succeeds if the status is 200.
# Redirects are followed to https only, also from plain HTTP: then one rule holds for every step, and no answer leads off TLS.
load() { # URL FILE
  local status='' result=0 url=$1 direct='' log=$2.log
  if is_loopback "$1"; then direct=yes; fi # a proxy would take the request off this machine
  if have curl; then
    status=$(curl --silent --show-error --fail --globoff --location --max-redirs 10 --proto '=http,https' --proto-redir '=https' \
      ${direct:+--noproxy '*'} --connect-timeout 20 --max-time 300 --output "$2" --write-out '%{http_code}' "$1") || result=$?
    status=${status#000}
  else
    # --https-only does not hold for redirects (Wget manual: "in recursive mode"), so each redirect is a call of its own.
    for _ in {0..10}; do
      result=0
      wget -S --max-redirect=0 --tries=1 --timeout=60 ${direct:+--no-proxy} -O "$2" "$url" >"$log" 2>&1 || result=$?
      status=$(awk '/^ *HTTP\/[0-9.]+ [0-9]/ { sub(/.*HTTP\/[0-9.]+ /, ""); status = $1 } END { print status }' "$log")
      url=$(awk 'tolower($1) == "location:" { print $2; exit }' "$log")
      if [[ $status != 3* ]] || ! is_https "$url" || ! is_address "$url"; then break; fi
    done
    [ "$result" -eq 0 ] || tail -n 2 "$log" >&2
    rm -f "$log"
  fi
  printf %s "$status"
  [ "$result" -eq 0 ] && [ "$status" = 200 ]
}

main
