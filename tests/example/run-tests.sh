#!/bin/sh
# The project's tests. They run from the mounted source, with the programs and settings of the image.
set -eu
test -f /app/run-tests.sh
test -n "$APP_MEMORY_LIMIT"
echo "tests pass, memory limit $APP_MEMORY_LIMIT"
