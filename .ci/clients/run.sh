#!/usr/bin/env bash
# run.sh [--quick] [--only PATTERN]... [SERVER...]: installs the clients and drives each server, by default the two in
# target/release. Ends with the total, `N passed, N failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../total.sh"
split "$@"
[ ${#programs[@]} -gt 0 ] || programs=("$root"/target/release/catalog-server-{tokio,smol})

drive() {
    python3 "$here/run.py" --server "$1" "${options[@]}"
}

"$here/install.sh"
total drive "${programs[@]}"
