#!/bin/sh
# Installs Airflow with the providers that the DAG knows, and ruff, into the virtual environment $1, once: install.sh .tools/airflow-3.3.2 3.3.2
set -eu
dir=$1 version=$2
[ -f "$dir/.installed" ] && exit 0
fail() { echo "test-airflow cannot install Airflow $version: $1" >&2; exit 1; }

command -v python3 >/dev/null || fail "there is no python3"
python3 -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || fail "the constraints are for Python 3.10 to 3.12, this is $(python3 --version)"
rm -rf "$dir"
python3 -m venv "$dir" || fail "python3 makes no virtual environment (Debian: apt-get install python3-venv)"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --constraint "$(dirname "$0")/constraints-$version.txt" \
	"apache-airflow==$version" apache-airflow-providers-standard apache-airflow-providers-openlineage apache-airflow-providers-cncf-kubernetes ruff \
	|| fail "see pip's message above"
"$dir/bin/airflow" version >/dev/null || fail "the installed program does not start"
touch "$dir/.installed"
