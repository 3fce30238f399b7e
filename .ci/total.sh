# What the run.sh of each suite has in common. Sourced.

# split ARGUMENT...: sets `options`, what is for run.py, and `programs`, what to run it with.
split() {
    options=() programs=()
    while [ $# -gt 0 ]; do
        case $1 in
            --only|--revision) options+=("$1" "$2"); shift ;;
            -*) options+=("$1") ;;
            *) programs+=("$1") ;;
        esac
        shift
    done
}

# total COMMAND PROGRAM...: runs COMMAND with each program. Each time the last line it prints is `N passed, N failed`,
# and so is that of all of them; fails when anything failed, or did not come that far.
total() {
    local command=$1 passed=0 failed=0 program report ok bad
    shift
    report=$(mktemp)
    for program; do
        echo "== $program"
        "$command" "$program" | tee "$report" || true
        read -r ok _ bad _ <<< "$(tail -n 1 "$report")"
        if [[ ! $ok =~ ^[0-9]+$ || ! $bad =~ ^[0-9]+$ ]]; then ok=0 bad=1; fi
        passed=$((passed + ok)) failed=$((failed + bad))
    done
    rm -f "$report"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
