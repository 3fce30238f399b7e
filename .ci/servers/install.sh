#!/usr/bin/env bash
# Installs the servers that are not ours into a cache directory, MCP_SERVERS_HOME or target/servers, and the Python SDKs
# with .ci/clients/install.sh. Does nothing when they are there already. Needs Python 3.11, Node 20 with npm, and cargo.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${MCP_SERVERS_HOME:-$here/../../target/servers}
mkdir -p "$home"
home=$(cd "$home" && pwd)

"$here/../clients/install.sh"

# The packages are installed when their stamp equals the files they were installed from.
files=("$here/package.json" "$here/package-lock.json")
if ! cat "${files[@]}" | cmp -s - "$home/stamp"; then
    cp "${files[@]}" "$home/"
    (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cat "${files[@]}" > "$home/stamp"
fi
# Node looks for packages beside the script that wants them.
cp "$here"/peers/*.mjs "$home/"
cargo build --release --quiet --manifest-path "$here/rmcp/Cargo.toml" --target-dir "$home/rmcp"
