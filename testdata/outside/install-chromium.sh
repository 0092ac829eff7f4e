#!/bin/sh
# Prints the path of a Chromium; installs Debian's when the machine has none (as root).
set -eu
for name in chromium chromium-browser google-chrome; do
	command -v "$name" && exit 0
done
fail() { echo "test-browser cannot install chromium: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "it takes root (or install it by hand: apt-get install chromium)"
command -v apt-get >/dev/null || fail "there is no apt-get here, install Chromium by hand"
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends chromium fonts-dejavu-core; } >&2 || fail "see the message above"
command -v chromium
