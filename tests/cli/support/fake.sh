#!/bin/sh
# A program that a test made up (by a link to this file): writes down how it was called, then does what the rules beside the link say.
PATH=/usr/bin:/bin
name=${0##*/}
root=$(dirname "$(dirname "$0")")
call=$root/calls/$$
mkdir -p "$call"
env -0 > "$call/env"
printf '%s\0' "$name" "$@" > "$call/argv"
for argument; do
    case $argument in
        *docktag.override.yml) cp "$argument" "$call/override" ;;
    esac
done
if [ -e "$DOCKER_CONFIG/config.json" ]; then
    stat -L -c '%a' "$DOCKER_CONFIG/config.json" "$(dirname "$DOCKER_CONFIG")" > "$call/modes"
    cp "$DOCKER_CONFIG/config.json" "$call/config.json"
    (cd "$DOCKER_CONFIG" && find -L . -type f | sort) > "$call/configuration"
fi
# One short write, so that programs that run at once do not mix their lines.
echo "$$" >> "$root/calls/order"

. "$root/bin/$name.rules"
