#!/usr/bin/env bash
# run.sh [--only PATTERN]... [CLIENT...]: installs the servers and drives them with each client, by default the two in
# target/release. Ends with the total, `N passed, N failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../total.sh"
split "$@"
[ ${#programs[@]} -gt 0 ] || programs=("$root"/target/release/{mcp,mcp-smol})

drive() {
    python3 "$here/run.py" --client "$1" "${options[@]}"
}

"$here/install.sh"
total drive "${programs[@]}"
