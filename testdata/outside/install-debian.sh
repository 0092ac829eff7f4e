#!/bin/sh
# install-debian.sh 'NAME…' PACKAGE… prints the path of the first of these programs that is there; with none it installs Debian's packages, as root.
set -eu
names=$1
shift
found() { for name in $names; do command -v "$name" && return; done; return 1; }
found && exit 0
fail() { echo "cannot install $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "$*: it takes root (or install it by hand: apt-get install $*)"
command -v apt-get >/dev/null || fail "$*: there is no apt-get here, install it by hand"
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$@"; } >&2 || fail "$*: see the message above"
found || fail "$*: none of them brings $names"
