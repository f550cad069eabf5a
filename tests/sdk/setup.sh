#!/usr/bin/env bash
# Makes the virtual environment of the SDK tests: boto3, the AWS CLI and the Python runtime client.
#
# It goes to the directory named by CF_SDK_VENV (default: build/sdk-venv in this repository). A
# second call with an unchanged requirements.txt does nothing. Nothing else is installed.
# Exit: 0 ready, 77 Python or its venv module is missing, else pip failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${CF_SDK_VENV:-$here/../../build/sdk-venv}
wanted=$(sha256sum < "$here/requirements.txt")

if ! python3 -c 'import ensurepip' 2> /dev/null; then
  echo 'The SDK tests need Python with venv; on Debian: apt-get install python3 python3-venv.' >&2
  exit 77
fi
if [ "$(cat "$venv/ready" 2> /dev/null)" = "$wanted" ]; then
  exit 0
fi
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
printf '%s\n' "$wanted" > "$venv/ready"
