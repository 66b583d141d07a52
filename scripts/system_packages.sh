#!/bin/sh
# What a bare Debian lacks: Python's venv, and the library that the embedded MongoDB links to.
# Installs it where it may, else says what to install.
set -eu
python=${1:-python3}
missing=

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python 3.11 or newer is needed (make PYTHON=/path/to/python3.11)" >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import ctypes; ctypes.CDLL("libcurl.so.4")' 2>/dev/null || missing="$missing libcurl4"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Please install first: sudo apt-get install$missing" >&2
    case "$missing" in *venv*) exit 1 ;; esac # without libcurl4 a MongoDB of your own still works
fi
