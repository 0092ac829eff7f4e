#!/bin/sh
# Installs a Python package into the virtual environment $1, once: install-python.sh .tools/datacontract-1.2.8 'datacontract-cli[duckdb]==1.2.8'
set -eu
dir=$1 package=$2
[ -f "$dir/.installed" ] && exit 0
fail() { echo "$package cannot be installed: $1" >&2; exit 1; }

command -v python3 >/dev/null || fail "there is no python3"
python3 -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2])' || fail "it needs Python 3.10 or newer, this is $(python3 --version)"
rm -rf "$dir"
python3 -m venv "$dir" || fail "python3 makes no virtual environment (Debian: apt-get install python3-venv)"
# the pip of an older Python stops at the wheels that it does not know
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check 'pip>=25' || fail "pip cannot be brought up to date"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$package" || fail "see pip's message above"
"$dir/bin/python" -m pip check || fail "what it needs does not fit together"
touch "$dir/.installed"
