# shellcheck shell=bash
# Browsers without a window, with all their libraries and a font, extracted. Sourced by tools.sh.

chromium() { browser chromium usr/lib/chromium/chromium-headless-shell chromium-headless-shell chromium-browser google-chrome; }

firefox() { browser firefox usr/lib/firefox-esr/firefox-esr firefox-esr; }

browser() { # NAME PROGRAM PACKAGE [OTHER-NAME...]: the machine's own, by its name, that of its package or another one; else Debian's
  local own name=$1 folder=$CACHE/$1
  for own in "$1" "${@:3}"; do
    if type -P "$own"; then return; fi
  done
  once "$folder" browser_extract "$folder" "$name" "$2" "$3"
  echo "$folder/$name"
}

browser_extract() { # FOLDER NAME PROGRAM PACKAGE
  local root=$1/root
  say "download $4 from Debian bookworm"
  (
    flock 8 # apt's lists and archives are shared with engine.sh
    apt_state "$2" bookworm "$CACHE/apt-bookworm"
    browser_download "$CACHE/apt-bookworm" "$root" "$1.log" "$4"
  ) 8>"$CACHE/.lock"
  printf '<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>\n' "$root/usr/share/fonts" "$1/fonts" >"$1/fonts.conf"
  cat >"$1/$2" <<SCRIPT
#!/bin/sh
export LD_LIBRARY_PATH="$(find "$root" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd :)"
export FONTCONFIG_FILE="$1/fonts.conf"
exec "$root/$3" "\$@"
SCRIPT
  chmod +x "$1/$2"
  "$1/$2" --version >"$1.log" 2>&1 || fail_with_log "$1.log" "$4 does not start (it needs a C library of Debian 12 or newer)"
}

browser_download() { # APT ROOT LOG PACKAGE
  local deb
  # Nothing counts as installed for this apt: what it downloads is the browser with all that it needs.
  (
    export APT_CONFIG=$1/apt.conf
    apt-get clean
    apt-get update -q
    apt-get install -q -y --download-only --no-install-recommends "$4" fonts-dejavu-core
  ) >"$3" 2>&1 || fail_with_log "$3" "download failed"
  mkdir "$2"
  for deb in "$1"/cache/archives/*.deb; do
    # The C library has to be the one of the program loader, which is the machine's.
    case $deb in */libc6_*) ;; *) dpkg -x "$deb" "$2" ;; esac
  done
  APT_CONFIG=$1/apt.conf apt-get clean
}
