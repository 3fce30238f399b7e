#!/usr/bin/env bash
# run.sh [--only=PATTERN] [CLIENT...]: installs the servers and drives them with each client, by default the two in
# target/release. Ends with the total, `N passed, N failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
options=() clients=()
for argument; do
    case $argument in
        -*) options+=("$argument") ;;
        *) clients+=("$argument") ;;
    esac
done
if [ ${#clients[@]} = 0 ]; then
    clients=("$root/target/release/mcp" "$root/target/release/mcp-smol")
fi

"$here/install.sh"
passed=0 failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for client in "${clients[@]}"; do
    echo "== $client"
    python3 "$here/run.py" --client "$client" "${options[@]}" | tee "$report" || true
    read -r ok _ bad _ <<< "$(tail -n 1 "$report")"
    if [[ ! $ok =~ ^[0-9]+$ || ! $bad =~ ^[0-9]+$ ]]; then ok=0 bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
