#!/usr/bin/env bash
# Installs the pinned client SDKs into a cache directory: MCP_CLIENTS_HOME, or target/clients. Does nothing when they
# are there already. Needs Python 3.11 with venv, and Node 20 with npm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${MCP_CLIENTS_HOME:-$here/../../target/clients}
mkdir -p "$home"
home=$(cd "$home" && pwd)

# A part is installed when its stamp equals the files it was installed from.
stale() { ! cat "${@:2}" | cmp -s - "$home/$1.stamp"; }
stamp() { cat "${@:2}" > "$home/$1.stamp"; }

python() {
    local venv=$home/$1 pins=$here/requirements-$1.txt
    stale "$1" "$pins" || return 0
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
    stamp "$1" "$pins"
}

typescript() {
    local files=("$here/package.json" "$here/package-lock.json")
    stale ts "${files[@]}" || return 0
    mkdir -p "$home/ts"
    cp "${files[@]}" "$home/ts/"
    (cd "$home/ts" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    stamp ts "${files[@]}"
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 is needed" >&2; exit 1; }
python py1
python py2
typescript

sdk=$home/ts/node_modules/@modelcontextprotocol
{
    for part in py1 py2; do
        "$home/$part/bin/python" -c "from importlib.metadata import version; print('$part:', version('mcp'))"
    done
    node -p "'ts1: ' + JSON.parse(fs.readFileSync('$sdk/sdk/package.json')).version"
    node -p "'ts2: ' + JSON.parse(fs.readFileSync('$sdk/client/package.json')).version"
    node -p "'inspector: ' + JSON.parse(fs.readFileSync('$sdk/inspector/package.json')).version"
} > "$home/versions"
