# shellcheck shell=bash
# Sourced by the scripts beside it: where the project is, how to speak, how many jobs to run.
# Not a program.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(basename "$0")

# The comment block that opens the calling script, without its marks: its only usage text.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

say() { printf '%s: %s\n' "$program" "$*" >&2; }

# fail CODE SENTENCE…: exit codes as the program's own: 2 usage, 4 the host.
fail() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

# logged WHAT COMMAND…: runs it silently, its output in the file $log; if it fails, shows the end of that.
logged() {
  local what=$1 began=$SECONDS
  shift
  say "$what"
  if ! "$@" > "$log" 2>&1 < /dev/null; then
    tail -n 30 "$log" >&2
    fail 4 "failed: $what (its last lines are above)"
  fi
  say "  done in $((SECONDS - began)) s"
}

# Ends with the reason where nobody here can become root for WHAT. To be asked before a command whose
# output is hidden.
need_root() {
  [[ $(id -u) == 0 ]] || command -v sudo > /dev/null ||
    fail 4 "needs root for $1; run it as root, or install sudo"
}

# Runs a command as root: as we are, or through sudo with what apt and pip need from the environment.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
    return
  fi
  need_root "'$*'"
  local name keep=()
  for name in DEBIAN_FRONTEND {http,https,no}_proxy {HTTP,HTTPS,NO}_PROXY; do
    [[ -z ${!name:-} ]] || keep+=("$name=${!name}")
  done
  sudo env "${keep[@]}" "$@"
}

# Jobs for a build: one a core, but one a GiB of free memory at most; some files need that much.
job_count() {
  local cores free_gib limit used
  cores=$(nproc)
  free_gib=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  if limit=$(cat /sys/fs/cgroup/memory.max 2> /dev/null) && [[ $limit != max ]]; then
    used=$(cat /sys/fs/cgroup/memory.current)
    ((limit = (limit - used) >> 30, free_gib = limit < free_gib ? limit : free_gib))
  fi
  ((cores = free_gib < cores ? free_gib : cores, cores = cores < 1 ? 1 : cores))
  echo "$cores"
}

# The interpreter for our virtual environments: the distribution's, since it is 3.11 or newer and
# has venv; $PYTHON overrides.
find_python() {
  if [[ -n ${PYTHON:-} ]]; then
    echo "$PYTHON"
  elif [[ -x /usr/bin/python3 ]]; then
    echo /usr/bin/python3
  else
    command -v python3 || fail 4 'python3 is missing'
  fi
}

# The project's own C++ files, wherever the checkout came from (git, an archive).
cxx_files() {
  local rooms=(emulator function tests bench)
  (cd "$top" && find "${rooms[@]}" \( -name .venv -o -name build -o -name node_modules \) -prune -o \
    -type f \( -name '*.cpp' -o -name '*.hpp' \) -print | sort | sed "s|^|$top/|")
}
