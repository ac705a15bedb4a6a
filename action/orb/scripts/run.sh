# Runs docktag. The parameters are in DOCKTAG_* variables, so no value is ever read as shell text; `--ci` writes the
# results to $BASH_ENV for later steps.
# shellcheck shell=bash
if [ -z "${BASH_VERSION-}" ]; then
  echo "docktag: the step's shell is not bash, expected bash, which later steps need to see the results: take an image that has it" >&2
  exit 2
fi

# `${!name}` runs the commands in an array index, such as `x[$(...)]`, so a name is checked before it is expanded.
check_name() { # PARAMETER NAME
  local LC_ALL=C pattern='^[A-Za-z_][A-Za-z0-9_]*$'
  [[ $2 =~ $pattern ]] && return
  # The text is not printed: it may be the password itself.
  echo "docktag: $1: not the name of an environment variable, expected letters, digits and underscores: set it to a name such as DOCKER_PASSWORD, not to the value" >&2
  exit 2
}
check_name username "${ORB_USERNAME-}"
check_name password "${ORB_PASSWORD-}"

# CircleCI keeps secrets in variables only, so the parameters name variables. One that is not set counts as not given: a
# pull request from a fork has none. The password goes on as a variable, never as an argument.
export DOCKTAG_USERNAME="${!ORB_USERNAME-}" DOCKER_PASSWORD="${!ORB_PASSWORD-}"

# In an environment, CircleCI writes a boolean as 1 or 0. Should it take the words "true" and "false" for one, this undoes it.
case ${DOCKTAG_PUSH-} in
  1) export DOCKTAG_PUSH=true ;;
  0) export DOCKTAG_PUSH=false ;;
esac

# One of several machines of a job: CircleCI counts them (docs, "Test splitting").
case ${DOCKTAG_SHARE-} in
  "" | *:*) ;;
  *) export DOCKTAG_SHARE="$DOCKTAG_SHARE:${CIRCLE_NODE_INDEX:-0}/${CIRCLE_NODE_TOTAL:-1}" ;;
esac

docktag "$ORB_COMMAND" --ci
