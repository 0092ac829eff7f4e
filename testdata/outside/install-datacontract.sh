#!/bin/sh
# Installs datacontract-cli into the virtual environment $1, once: install-datacontract.sh .tools/datacontract-1.2.8 1.2.8
set -eu
dir=$1 version=$2
[ -f "$dir/.installed" ] && exit 0
fail() { echo "test-contracts cannot install datacontract-cli $version: $1" >&2; exit 1; }

command -v python3 >/dev/null || fail "there is no python3"
python3 -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2])' || fail "it needs Python 3.10 or newer, this is $(python3 --version)"
rm -rf "$dir"
python3 -m venv "$dir" || fail "python3 makes no virtual environment (Debian: apt-get install python3-venv)"
# the pip of an older Python stops at the wheels that it does not know
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check 'pip>=25' || fail "pip cannot be brought up to date"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check "datacontract-cli[duckdb]==$version" || fail "see pip's message above"
"$dir/bin/datacontract" --version || fail "the installed program does not start"
touch "$dir/.installed"
