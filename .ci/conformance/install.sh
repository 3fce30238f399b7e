#!/usr/bin/env bash
# Installs the pinned conformance suite, and the Node it needs, into a cache directory: MCP_CONFORMANCE_HOME, or
# target/conformance. Does nothing when they are there already. Needs npm, on x86-64 Linux.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${MCP_CONFORMANCE_HOME:-$here/../../target/conformance}
mkdir -p "$home"
home=$(cd "$home" && pwd)

# It is installed when its stamp equals the files it was installed from.
files=("$here/package.json" "$here/package-lock.json")
if ! cat "${files[@]}" | cmp -s - "$home/stamp"; then
    cp "${files[@]}" "$home/"
    # The suite asks for a newer Node than npm may be running on; it gets the one installed beside it.
    (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cat "${files[@]}" > "$home/stamp"
fi
