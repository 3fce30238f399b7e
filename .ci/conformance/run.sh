#!/usr/bin/env bash
# run.sh [--only PATTERN]... [SERVER...]: installs the suite and runs it against each server, by default the two in
# target/release. Ends with the total, `N passed, N failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
options=() servers=()
while [ $# -gt 0 ]; do
    case $1 in
        --only) options+=("$1" "$2"); shift ;;
        -*) options+=("$1") ;;
        *) servers+=("$1") ;;
    esac
    shift
done
if [ ${#servers[@]} = 0 ]; then
    servers=("$root/target/release/everything-server-tokio" "$root/target/release/everything-server-smol")
fi

"$here/install.sh"
passed=0 failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for server in "${servers[@]}"; do
    echo "== $server"
    python3 "$here/run.py" --server "$server" "${options[@]}" | tee "$report" || true
    read -r ok _ bad _ <<< "$(tail -n 1 "$report")"
    if [[ ! $ok =~ ^[0-9]+$ || ! $bad =~ ^[0-9]+$ ]]; then ok=0 bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
