#!/usr/bin/env bash
# run.sh [--only PATTERN]... [PROGRAM...]: installs the suite and runs it against each server (everything-server-*) and
# client (everything-client-*), by default the two of each in target/release. Ends with the total, `N passed, N
# failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../total.sh"
split "$@"
[ ${#programs[@]} -gt 0 ] || programs=("$root"/target/release/everything-{server,client}-{tokio,smol})

check() {
    local role=server
    case ${1##*/} in everything-client-*) role=client ;; esac
    python3 "$here/run.py" "--$role" "$1" "${options[@]}"
}

"$here/install.sh"
total check "${programs[@]}"
