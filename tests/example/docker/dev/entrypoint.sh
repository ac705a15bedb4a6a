#!/bin/sh
# The settings of the image become variables of the command: memory_limit -> APP_MEMORY_LIMIT
set -eu
while IFS=' =' read -r name value; do
  case $name in '' | '['* | ';'*) continue ;; esac
  export "APP_$(echo "$name" | tr '[:lower:]' '[:upper:]')=$value"
done </etc/app/app.ini
exec "$@"
