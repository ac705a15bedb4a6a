# shellcheck shell=bash
# A browser without a window, with all its libraries and a font, extracted. Sourced by tools.sh.

browser() {
  local own folder=$CACHE/chromium
  for own in chromium chromium-browser google-chrome; do
    if type -P "$own"; then return; fi
  done
  once "$folder" browser_extract "$folder"
  echo "$folder/chromium"
}

browser_extract() { # FOLDER
  local root=$1/root
  say "download Chromium from Debian bookworm"
  (
    flock 8 # apt's lists and archives are shared with engine.sh
    apt_state chromium bookworm "$CACHE/apt-bookworm"
    browser_download "$CACHE/apt-bookworm" "$root" "$1.log"
  ) 8>"$CACHE/.lock"
  printf '<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>\n' "$root/usr/share/fonts" "$1/fonts" >"$1/fonts.conf"
  cat >"$1/chromium" <<SCRIPT
#!/bin/sh
export LD_LIBRARY_PATH="$(find "$root" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd :)"
export FONTCONFIG_FILE="$1/fonts.conf"
exec "$root/usr/lib/chromium/chromium-headless-shell" "\$@"
SCRIPT
  chmod +x "$1/chromium"
  "$1/chromium" --version >"$1.log" 2>&1 || fail_with_log "$1.log" "Chromium does not start (it needs a C library of Debian 12 or newer)"
}

browser_download() { # APT ROOT LOG
  local deb
  # Nothing counts as installed for this apt: what it downloads is Chromium with all that it needs.
  (
    export APT_CONFIG=$1/apt.conf
    apt-get clean
    apt-get update -q
    apt-get install -q -y --download-only --no-install-recommends chromium-headless-shell fonts-dejavu-core
  ) >"$3" 2>&1 || fail_with_log "$3" "download failed"
  mkdir "$2"
  for deb in "$1"/cache/archives/*.deb; do
    # The C library has to be the one of the program loader, which is the machine's.
    case $deb in */libc6_*) ;; *) dpkg -x "$deb" "$2" ;; esac
  done
  APT_CONFIG=$1/apt.conf apt-get clean
}
