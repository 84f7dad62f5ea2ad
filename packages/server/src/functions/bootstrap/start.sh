#!/bin/sh
# The last step before a function's own program, with no right left that the function shall not have: limits, and
# only now the function's own variables, which may name libraries to load.
#
#   start.sh PROCESSES DIRECTORY PROGRAM…
#
# The variables arrive as LOCKSTEP_VARIABLE_<NAME>, their names in LOCKSTEP_VARIABLES; each is letters, digits and _.
ulimit -c 0 2>/dev/null
ulimit -n 1024 2>/dev/null
if [ "$1" != unlimited ]; then
  # shellcheck disable=SC3045 # the one is dash's, the other everybody else's
  ulimit -u "$1" 2>/dev/null || ulimit -p "$1" 2>/dev/null
fi
cd "$2" || exit 126
shift 2
for name in $LOCKSTEP_VARIABLES; do
  eval "export $name=\"\$LOCKSTEP_VARIABLE_$name\"; unset LOCKSTEP_VARIABLE_$name"
done
unset LOCKSTEP_VARIABLES name
exec "$@"
