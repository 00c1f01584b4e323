#!/bin/sh
# measure.sh [OPTIONS]: measures on the machine it runs on whatever only a graphics card can tell, within ten minutes.
# It needs the other files of pack.sh's bundle, a Vulkan driver, and for the baseline a Python that has PyTorch.
#   --out DIR      results.json, summary.txt and log.txt go there, anew after every part (results)
#   --budget N     seconds that all parts may take (570)
#   --device NAME  which device: an index, a UUID or part of a name (the best)
#   --arch NAME    the family whose sizes are measured, with random weights (sd15)
#   --model DIR    this model instead
#   --size N       pixels of a side (512)
#   --precision P  auto, fp16 or fp32 (fp16)
#   --python FILE  a Python that has PyTorch (python3)
#   --quick        small sizes, few steps and tests: whether everything runs, not how fast
# Every part has a time of its own, and what is measured by then stays when a part hangs, fails or is cut off.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
out=results budget=570 device='' arch=sd15 model='' size=512 precision=fp16 python=python3 quick='' steps=30 patience=1

fail () { printf 'measure.sh: %s\n' "$*" >&2; exit 2; }

while [ $# -gt 0 ]; do
  case $1 in --quick | -h | --help) ;; --*) [ $# -gt 1 ] || fail "$1 needs a value." ;; esac
  case $1 in
  --out) out=$2 ;;
  --budget) budget=$2 ;;
  --device) device=$2 ;;
  --arch) arch=$2 ;;
  --model) model=$2 ;;
  --size) size=$2 ;;
  --precision) precision=$2 ;;
  --python) python=$2 ;;
  --quick) quick=yes size=64 steps=2 patience=5; shift; continue ;; # software, and perhaps busy
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit ;;
  *) fail "there is no option $1: --help lists them." ;;
  esac
  shift 2
done
for number in "$budget" "$size"; do case $number in '' | *[!0-9]*) fail "“$number” is no number." ;; esac; done
cli=$here/programs/run-sfumato-cli ops=$here/programs/run-test-ops
[ -x "$cli" ] && [ -x "$ops" ] || fail "the programs are not beside this script: pack.sh makes the folder that it runs in."

mkdir -p "$out"
out=$(cd "$out" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/parts" "$work/ops"
deadline=$(($(date +%s) + budget))
# Compiled kernels are kept for the run, and nothing is left behind.
XDG_CACHE_HOME=$work/cache TORCHINDUCTOR_CACHE_DIR=$work/inductor PYTHONUNBUFFERED=1
export XDG_CACHE_HOME TORCHINDUCTOR_CACHE_DIR PYTHONUNBUFFERED
: > "$out/log.txt"

say () { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*" | tee -a "$out/log.txt"; }

# The results so far. Where there is no Python the parts themselves are the results.
report () {
  if ! python3 "$here/report.py" "$work/parts" "$out" 2>> "$out/log.txt"; then cp -R "$work/parts" "$out/"; fi
}

# part NAME SECONDS COMMAND...: runs it for so long at most, keeps what it printed, and goes on whatever came of it.
part () {
  name=$1 limit=$(($2 * patience))
  shift 2
  left=$((deadline - $(date +%s)))
  if [ $left -lt 10 ]; then
    say "$name: no time is left"
    printf '{"status": "no time was left"}\n' > "$work/parts/$name.status"
    return 1
  fi
  [ "$limit" -le $left ] || limit=$left
  say "$name (at most $limit s)"
  began=$(date +%s) code=0
  timeout -k 5 "$limit" "$@" > "$work/parts/$name.out" 2> "$work/parts/$name.err" < /dev/null || code=$?
  took=$(($(date +%s) - began))
  case $code in
  0) status=ok ;;
  124 | 137) status="timed out after $limit s" ;;
  *) status="failed with status $code" ;;
  esac
  printf '{"status": "%s", "seconds": %s}\n' "$status" "$took" > "$work/parts/$name.status"
  [ $code = 0 ] || { say "  $status"; tail -n 5 "$work/parts/$name.err" | tee -a "$out/log.txt"; }
  report
  return $code
}

bench () { # NAME SECONDS OPTIONS...
  name=$1 limit=$2
  shift 2
  if [ -n "$model" ]; then set -- --model "$model" "$@"; else set -- --arch "$arch" "$@"; fi
  [ -z "$device" ] || set -- --device "$device" "$@"
  part "$name" "$limit" "$cli" bench "$@" --width "$size" --height "$size" --precision "$precision" --json --detail
}

# Some systems keep their drivers where the loader does not look.
find_driver () {
  [ -z "${VK_DRIVER_FILES:-}" ] || return 0
  if "$cli" devices --json 2> /dev/null | grep '"kind"' | grep -qv software; then return 0; fi
  found=$(find /usr /etc /opt -path '*vulkan/icd.d/*.json' 2> /dev/null | grep -v lvp_icd | paste -sd : -) || :
  [ -n "$found" ] || return 0
  VK_DRIVER_FILES=$found
  export VK_DRIVER_FILES
  say "the driver is $found"
}

machine () {
  printf '{"date": "%s", "version": "%s", "kernel": "%s", "processors": %s, "quick": %s, "size": %s, "arch": "%s", "precision": "%s",\n "card": "%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cat "$here/version")" "$(uname -r)" "$(nproc)" "$([ -n "$quick" ] && echo true || echo false)" "$size" \
    "${model:+model}${model:-$arch}" "$precision" \
    "$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null | head -n 1 | tr -d '"\\')" > "$work/parts/machine.out"
  printf '{"status": "ok", "seconds": 0}\n' > "$work/parts/machine.status"
}

# Every op in every form and type, each test in a process of its own: a crash or a hang is that test's alone.
correctness () {
  SFU_TEST_VALIDATE=0
  [ -z "$device" ] || { SFU_TEST_DEVICE=$device; export SFU_TEST_DEVICE; }
  export SFU_TEST_VALIDATE
  left=$((deadline - $(date +%s)))
  [ $left -ge 10 ] || { say 'ops: no time is left'; return; }
  say 'ops: every kernel against a loop in doubles'
  began=$(date +%s)
  "$ops" -l 2> /dev/null | sed -n 's/^# \(\/.*\)/\1/p' > "$work/tests"
  if [ -n "$quick" ]; then
    # One of each form.
    grep '/views/' "$work/tests" > "$work/few" && mv "$work/few" "$work/tests"
  fi
  cat > "$work/one" <<'ONE'
name=$(printf %s "$2" | tr / _)
code=0
timeout -k 5 $((60 * $4)) "$1" -p "$2" > "$3/$name" 2>&1 < /dev/null || code=$?
echo "# status $code of $2" >> "$3/$name"
ONE
  # Half the parts' time at most; several at once, since the loops in doubles are the processor's.
  timeout -k 5 $((left / 2)) xargs -P 4 -I TEST sh "$work/one" "$ops" TEST "$work/ops" $patience < "$work/tests" || :
  cat "$work"/ops/* > "$work/parts/ops.out" 2> /dev/null || :
  cp "$work/tests" "$work/parts/ops.tests"
  printf '{"status": "ok", "seconds": %s}\n' $(($(date +%s) - began)) > "$work/parts/ops.status"
  report
}

# The same net in PyTorch on the same card.
baseline () {
  [ -e "$here/torch-baseline.py" ] || { say 'torch: no baseline was packed'; return 0; }
  if ls "$here"/wheels/*.whl > /dev/null 2>&1; then
    part torch-wheels 60 "$python" -m pip install -q --no-index --no-deps --no-compile --target "$work/site" "$here"/wheels/*.whl || return 0
    PYTHONPATH=$work/site${PYTHONPATH:+:$PYTHONPATH}
    export PYTHONPATH
  fi
  part torch-eager 90 "$python" "$here/torch-baseline.py" "$arch" "$size" eager || :
  # Compiling tries many kernels: all the time that is left is for it.
  [ -n "$quick" ] || part torch-compile "$budget" "$python" "$here/torch-baseline.py" "$arch" "$size" compile || :
}

[ -z "$model" ] || [ "${model#/}" != "$model" ] || model=$(pwd -P)/$model
find_driver
machine
part devices 30 "$cli" devices --json || :
deepcache=
if "$cli" bench --help | grep -q -e '--deepcache'; then deepcache='--deepcache 3'; fi
bench bench 120 --steps $steps $deepcache || :
correctness
for form in $("$cli" bench --list-kernels); do
  [ "$form" = best ] || bench "form-$form" 60 --kernels "$form" --steps $((steps / 6 + 1)) || :
done
baseline
report
say 'done'
[ ! -e "$out/summary.txt" ] || cat "$out/summary.txt"
