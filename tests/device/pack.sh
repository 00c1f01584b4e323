#!/bin/sh
# pack.sh [OPTIONS]: puts what measure.sh needs into one folder, for a machine that has a graphics card and nothing else.
# Run it where the program was built: ./dev shell tests/device/pack.sh ...
#   --out DIR        the folder, made anew (device-bundle)
#   --build DIR      the build to take the programs from (the one of ./dev)
#   --portable TOOL  TOOL PROGRAM DIR copies a program with its libraries and a launcher DIR/run: for a machine whose
#                    libraries are others; without it the programs run on the libraries that the machine has
#   --torch FILE     the PyTorch baseline: FILE ARCH SIZE eager|compile prints JSON lines
#   --wheels DIR     Python wheels that the baseline needs and the machine lacks
#   --model DIR      a model to measure beside the random weights
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
out=device-bundle build='' portable='' torch='' wheels='' model=''

fail () { printf 'pack.sh: %s\n' "$*" >&2; exit 2; }

while [ $# -gt 0 ]; do
  case $1 in --out | --build | --portable | --torch | --wheels | --model) [ $# -gt 1 ] || fail "$1 needs a value." ;; esac
  case $1 in
  --out) out=$2 ;;
  --build) build=$2 ;;
  --portable) portable=$2 ;;
  --torch) torch=$2 ;;
  --wheels) wheels=$2 ;;
  --model) model=$2 ;;
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit ;;
  *) fail "there is no option $1: --help lists them." ;;
  esac
  shift 2
done

if [ -z "$build" ]; then
  for build in "$here/../../build/debian13" "$here/../../build/system" ''; do [ ! -x "$build/app/cli/sfumato-cli" ] || break; done
  [ -n "$build" ] || fail 'nothing is built: run ./dev test once, or name a build folder with --build.'
fi
for file in "$build/app/cli/sfumato-cli" "$build/tests/test-ops"; do [ -x "$file" ] || fail "$file is not there: run ./dev test once."; done
for file in $portable $torch $wheels $model; do [ -e "$file" ] || fail "$file does not exist."; done
[ -z "$portable" ] || [ -x "$portable" ] || fail "$portable is not a program."
# Only what this script has made is made anew.
if [ -e "$out" ]; then
  [ -e "$out/measure.sh" ] || fail "$out is there already and is no bundle: name another folder with --out."
  rm -rf "$out"
fi

mkdir -p "$out/programs"
cp "$here/measure.sh" "$here/report.py" "$out/"
for program in "$build/app/cli/sfumato-cli" "$build/tests/test-ops"; do
  name=$(basename "$program")
  if [ -n "$portable" ]; then
    "$portable" "$program" "$out/programs" > /dev/null
    mv "$out/programs/run" "$out/programs/run-$name"
  else
    cp "$program" "$out/programs/"
    printf '#!/bin/sh\nexec "$(dirname "$0")/%s" "$@"\n' "$name" > "$out/programs/run-$name"
    chmod +x "$out/programs/run-$name"
  fi
  strip "$out/programs/$name" 2> /dev/null || :
done
# Drivers of graphics cards ask for these too, and a machine without a desktop may lack them.
if [ -n "$portable" ]; then
  for name in libX11.so.6 libXext.so.6 libxcb.so.1 libXau.so.6 libXdmcp.so.6 libbsd.so.0 libmd.so.0 libGLdispatch.so.0 libdrm.so.2; do
    file=$(ldconfig -p | awk -v name=$name '$1 == name && /x86-64/ { print $NF; exit }')
    [ -z "$file" ] || [ -e "$out/programs/lib/$name" ] || cp -L "$file" "$out/programs/lib/"
  done
fi
[ -z "$torch" ] || cp "$torch" "$out/torch-baseline.py"
[ -z "$wheels" ] || cp -R "$wheels" "$out/wheels"
[ -z "$model" ] || cp -RL "$model" "$out/model"
git -C "$here" describe --always --dirty > "$out/version" 2> /dev/null || "$build/app/cli/sfumato-cli" --version > "$out/version"
du -sh "$out"
