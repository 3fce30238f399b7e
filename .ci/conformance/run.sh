#!/usr/bin/env bash
# run.sh [--only PATTERN]... [PROGRAM...]: installs the suite and runs it against each server (everything-server-*) and
# client (everything-client-*), by default the two of each in target/release. Ends with the total, `N passed, N
# failed`, and fails when anything failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
options=() programs=()
while [ $# -gt 0 ]; do
    case $1 in
        --only|--revision) options+=("$1" "$2"); shift ;;
        -*) options+=("$1") ;;
        *) programs+=("$1") ;;
    esac
    shift
done
if [ ${#programs[@]} = 0 ]; then
    programs=("$root"/target/release/everything-{server,client}-{tokio,smol})
fi

"$here/install.sh"
passed=0 failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for program in "${programs[@]}"; do
    role=server
    case ${program##*/} in everything-client-*) role=client ;; esac
    echo "== $program"
    python3 "$here/run.py" "--$role" "$program" "${options[@]}" | tee "$report" || true
    read -r ok _ bad _ <<< "$(tail -n 1 "$report")"
    if [[ ! $ok =~ ^[0-9]+$ || ! $bad =~ ^[0-9]+$ ]]; then ok=0 bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
