# shellcheck shell=bash
# Sourced by scripts/make-image, whose helpers these use: how each image comes about, layer by layer.
# Not a program.
#
# For an image NAME: make_NAME leaves an OCI layout in $work/NAME, with the tag NAME; wanted_NAME prints
# what identifies the files that it is made of.

suite=bookworm
python=python3.11
aws_base=public.ecr.aws/lambda/python:3.11  # what the FROM of function/scoring/Dockerfile says

wanted_scoring() {
  hash_of function/scoring/{app.py,requirements.txt,model/model.joblib} fixtures/images/scoring \
    scripts/image-recipes.sh
}

wanted_scoring_aws() {
  hash_of function/scoring/{app.py,requirements.txt,model/model.joblib,Dockerfile,.dockerignore} \
    fixtures/images/aws-base scripts/image-recipes.sh
}

# Where apt of this machine has Debian from, for $suite; nothing where it has another system's packages.
debian_sources() {
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v suite="$suite" '
      $3 == "main" && $2 ~ /^(bookworm|trixie)(-updates|-security)?$/ {
        sub(/^[a-z]+/, suite, $2)
        if (!seen[$0]++) print "deb", $0
      }'
}

# What apt has to know to reach its mirrors from here.
apt_connection() {
  apt-config dump | grep -E '^Acquire::(https?::|Retries |Check-(Valid-Until|Date) )' || true
}

# Debian with Python, in $work/root and $state/base.tar; $date is when the newest of its Python files was
# made. An older one would make byte code older than its source.
make_base() {
  local wanted sources
  wanted="$suite $(dpkg --print-architecture) $(declare -f make_base | sha256sum)"
  if ! stamped "$state/base.tar" "$wanted"; then
    apt_connection > "$work/apt.conf"
    sources=$(debian_sources)
    logged "making a Debian 12 with $python" mmdebstrap --quiet --mode=root --variant=minbase \
      --format=directory --include=ca-certificates,python3,python3-venv \
      --aptopt='Acquire::Languages "none"' --aptopt="$work/apt.conf" \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --customize-hook='cd "$1/etc" && rm -f apt/apt.conf.d/99mmdebstrap hostname resolv.conf machine-id *-' \
      --customize-hook='cd "$1/var" && rm -rf lib/dpkg/*-old cache/debconf/*-old cache/ldconfig/*' \
      --customize-hook='find "$1/var/log" -type f -delete' \
      --customize-hook='sed -Ei "s/^([^:]*:[^:]*):[0-9]+:/\1:19700:/" "$1/etc/shadow"' \
      "$suite" "$work/base" ${sources:+"$sources"}
    date=$(find "$work/base/usr" -name '*.py' -printf '%Ts\n' | sort -n | tail -n 1)
    stamp "$state/base.tar" unfinished
    echo "$date" > "$state/base.date"
    archive "$state/base.tar" "$work/base" .
    stamp "$state/base.tar" "$wanted"
    rm -rf "$work/base"
  fi
  date=$(cat "$state/base.date")
  rm -rf "$work/root"
  mkdir "$work/root"
  tar -xf "$state/base.tar" -C "$work/root" --numeric-owner
  mknod -m 666 "$work/root/dev/null" c 1 3
}

# Into $state/wheels, for the Python of the image, whichever this machine has. Older tags of manylinux
# are no alias of newer ones to pip, so each is named.
fetch_wheels() {
  local wanted tag platforms=()
  wanted=$({ cat "$scoring/requirements.txt" "$fixtures/scoring/requirements.txt" && declare -f fetch_wheels; } |
    sha256sum)
  ! stamped "$state/wheels" "$wanted" || return 0
  for tag in manylinux_2_34 manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014; do
    platforms+=(--platform "${tag}_$(uname -m)")
  done
  logged 'downloading Python packages' "$scoring/.venv/bin/python" -m pip download --quiet --no-deps \
    --disable-pip-version-check --only-binary=:all: --python-version 3.11 --implementation cp \
    "${platforms[@]}" --dest "$work/wheels" \
    -r "$scoring/requirements.txt" -r "$fixtures/scoring/requirements.txt"
  rm -rf "$state/wheels"
  mv "$work/wheels" "$state/wheels"
  stamp "$state/wheels" "$wanted"
}

# with_wheels COMMAND…: while it runs, /wheels of the root has them, and the lists of what to install.
with_wheels() {
  local wheels=$work/root/wheels
  cp -al "$state/wheels" "$wheels" &&
    cp "$scoring/requirements.txt" "$wheels/function.txt" &&
    cp "$fixtures/scoring/requirements.txt" "$wheels/image.txt" &&
    grep -E '^(awslambdaric|simplejson|snapshot-restore-py)==' "$wheels/function.txt" \
      > "$wheels/runtime.txt" &&
    "$@" &&
    rm -rf "$wheels"
}

# new_layout NAME: an OCI layout with an empty image.
new_layout() {
  umoci init --layout "$work/$1"
  umoci new --image "$work/$1:$1"
}

# add_layer NAME FILE WORDS…: with what the image's history says of it.
add_layer() {
  local name=$1 file=$2
  shift 2
  logged "adding the layer: $*" umoci raw add-layer --image "$work/$name:$name" \
    --history.created "$(date -u -d "@$date" +%Y-%m-%dT%H:%M:%SZ)" --history.created_by "$*" "$file"
}

# configure NAME OPTION…: umoci's, after which the layout holds nothing but the image.
configure() {
  local name=$1 created
  shift
  created=$(date -u -d "@$date" +%Y-%m-%dT%H:%M:%SZ)
  umoci config --image "$work/$name:$name" --created "$created" --no-history "$@"
  umoci gc --layout "$work/$name"
}

make_scoring() {
  make_base
  fetch_wheels
  mkdir -p "$work/root/var/task"
  logged 'installing the Python packages' with_wheels \
    pip_target /var/task -r /wheels/function.txt -r /wheels/image.txt
  logged 'compiling them' settle /var/task
  archive "$work/packages.tar" "$work/root" ./var/task
  install -m 644 "$scoring/app.py" -t "$work/root/var/task"
  install -D -m 644 "$scoring/model/model.joblib" -t "$work/root/var/task/model"
  archive "$work/function.tar" "$work/root" ./var/task/app.py ./var/task/model
  logged 'trying it' in_root /bin/sh -ec \
    "cd /var/task && $python -B -c 'import app, awslambdaric, pandas, pyarrow, xgboost'"

  new_layout scoring
  add_layer scoring "$state/base.tar" "Debian $suite with $python"
  add_layer scoring "$work/packages.tar" 'pip install --target /var/task'
  add_layer scoring "$work/function.tar" 'COPY app.py model /var/task'
  # No link but the file itself: Lambda asks for an absolute entry point.
  configure scoring --config.entrypoint "/usr/bin/$python" --config.entrypoint -m \
    --config.entrypoint awslambdaric --config.cmd app.handler --config.workingdir /var/task \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --config.env JOBLIB_MULTIPROCESSING=0
}

# AWS's Python is its own build in /var/lang; ours is a virtual environment there, with a copy of the
# interpreter, so that pip, python3.11 and site-packages are where AWS has them and pip may write there.
make_aws_base() {
  make_base
  fetch_wheels
  local file
  logged 'making /var/lang' in_root "/usr/bin/$python" -m venv --copies /var/lang
  mkdir -p "$work"/root/var/{task,runtime}
  logged 'installing the runtime client' with_wheels pip_target /var/runtime -r /wheels/runtime.txt
  for file in lambda-entrypoint.sh var/runtime/bootstrap; do
    install -m 755 "$fixtures/aws-base/$file" "$work/root/$file"
  done
  echo 'sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin' >> "$work/root/etc/passwd"
  echo 'sbx_user1051:x:990:' >> "$work/root/etc/group"
  logged 'compiling them' settle /var/lang /var/runtime
  archive "$work/aws.tar" "$work/root" ./etc/passwd ./etc/group ./lambda-entrypoint.sh ./var/lang \
    ./var/runtime ./var/task

  new_layout aws-base
  add_layer aws-base "$state/base.tar" "Debian $suite with $python"
  add_layer aws-base "$work/aws.tar" 'the directories of AWS'
  local library=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib
  configure aws-base --config.entrypoint /lambda-entrypoint.sh --config.workingdir /var/task \
    --config.env LANG=en_US.UTF-8 --config.env TZ=:/etc/localtime \
    --config.env PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin \
    --config.env "LD_LIBRARY_PATH=$library:/opt/lib" \
    --config.env LAMBDA_TASK_ROOT=/var/task --config.env LAMBDA_RUNTIME_DIR=/var/runtime
}

# alone COMMAND…: without the network, so that nothing comes but through apt and pip; whatever it mounts
# ends with it; and what root's tools for images write to /var/lib/containers, unasked, stays in $work.
alone() {
  local code=0
  [[ -e /var/lib/containers ]] || { mkdir /var/lib/containers && made_containers=1; }
  unshare --mount --net --propagation private sh -c \
    'mount --bind "$0" /var/lib/containers && exec "$@"' "$work/containers" "$@" || code=$?
  forget_containers
  return "$code"
}

own_buildah() {
  alone buildah --root "$work/store" --runroot "$work/store-run" --storage-driver "$driver" "$@"
}

make_scoring_aws() {
  make_aws_base
  local driver=overlay
  [[ $(stat -f -c %T "$work") != overlayfs ]] || driver=vfs  # no overlay on an overlay
  logged "importing the base as $aws_base" alone skopeo --insecure-policy copy --quiet \
    "oci:$work/aws-base:aws-base" \
    "containers-storage:[$driver@$work/store+$work/store-run]$aws_base"
  # What pip asks for has been fetched, in the way that pip is configured here. It is shown in places that
  # are there already, for a new one would stay behind in the layer.
  mkdir -p "$work/home/.config/pip"
  printf '[global]\nno-index = true\nfind-links = /mnt\n' > "$work/home/.config/pip/pip.conf"
  logged 'building function/scoring/Dockerfile' own_buildah bud --pull-never --isolation chroot \
    --layers --volume "$work/home:/root:ro" --volume "$state/wheels:/mnt:ro" \
    --tag scoring-aws "$scoring"
  own_buildah from --pull-never --name try scoring-aws > "$log"
  logged 'trying it' own_buildah run --isolation chroot try -- python -B -c 'import app, awslambdaric'
  logged 'exporting it' own_buildah push --quiet scoring-aws "oci:$work/scoring-aws:scoring-aws"
}

# publish NAME WANTED: from the layout in $work to the four forms in $out, each whole before it is there.
publish() {
  local name=$1 wanted=$2 form
  local copy=(alone skopeo --insecure-policy copy --quiet "oci:$work/$name:$name")
  logged "writing $name.tar" archive "$work/$name.tar" "$work/$name" .
  logged "writing $name-docker.tar" "${copy[@]}" "docker-archive:$work/$name-docker.tar:coldframe/$name:latest"
  logged "compressing $name with zstd" "${copy[@]}" --dest-compress-format zstd "oci:$work/zstd:$name"
  logged "writing $name-zstd.tar" archive "$work/$name-zstd.tar" "$work/zstd" .
  stamp "$name" unfinished
  rm -rf "$work/zstd" "$out/$name"
  for form in "$name" "$name.tar" "$name-docker.tar" "$name-zstd.tar"; do
    mv "$work/$form" "$out/$form"
  done
  stamp "$name" "$wanted"
}
