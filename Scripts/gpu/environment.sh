# shellcheck shell=sh
# Sourced: what a pack's programs need, from the pack and from the machine. Wants `pack`, the pack's folder, and `work`, a folder to write to.

# Unpacks one file of the pack.
unpack() { # the file's name in the pack, the folder it goes to
  target=$2/${1##*/}
  if [ -e "$target" ]; then return 0; fi
  if [ -e "$pack/$1.xz" ]; then
    LD_LIBRARY_PATH=$unxz_library_path "$unxz" -dc "$pack/$1.xz" >"$target.part"
  elif [ -e "$pack/$1.gz" ]; then
    gzip -dc "$pack/$1.gz" >"$target.part"
  else
    cp "$pack/$1" "$target.part"
  fi || return 1
  chmod 755 "$target.part" && mv "$target.part" "$target"
}

# The machine's xz, or else the pack's with its library, which is for xz alone.
find_unxz() {
  unxz=xz
  unxz_library_path=$own_library_path
  if command -v xz >/dev/null 2>&1; then return 0; fi
  mkdir -p "$work/tools"
  unpack tools/xz "$work/tools" && unpack lib/liblzma.so.5 "$work/tools" || return 1
  unxz=$work/tools/xz
  unxz_library_path=$work/tools
}

# A library of the pack is used where the machine lacks it, and never in front of one of the machine's: its drivers want their own.
add_missing_libraries() { # the program
  round=0
  while [ "$round" -lt 20 ]; do
    lacking=$(LD_TRACE_LOADED_OBJECTS=1 LD_LIBRARY_PATH="$work/lib:$own_library_path" "$1" 2>/dev/null | awk '/=> not found/ { print $1 }')
    [ -n "$lacking" ] || return 0
    for library in $lacking; do
      unpack "lib/$library" "$work/lib" 2>/dev/null || {
        echo "${1##*/} needs $library, which neither this machine nor the pack has"
        return 1
      }
    done
    round=$((round + 1))
  done
}

starts() { problem=$(LD_LIBRARY_PATH="$work/lib:$own_library_path" "$work/bin/glissade" --version 2>&1); }

# Ends with status 1, and a line on standard output, where the programs cannot run.
prepare_environment() {
  own_library_path=${LD_LIBRARY_PATH:-}
  mkdir -p "$work/bin" "$work/lib" "$work/loader" "$work/cache/glissade" "$work/cache/cuda" "$work/cache/pocl" "$work/cache/other"
  find_unxz || { echo "the pack's xz could not be unpacked into $work/tools"; return 1; }
  for program in "$pack"/bin/*; do
    name=${program##*/}
    unpack "bin/${name%.xz}" "$work/bin" || { echo "$program could not be unpacked into $work/bin"; return 1; }
    add_missing_libraries "$work/bin/${name%.xz}" || return 1
  done
  unpack loader/libOpenCL.so.1 "$work/loader" || { echo "the pack's OpenCL loader could not be unpacked into $work/loader"; return 1; }
  # The same name and too old a version: then all of the pack's.
  if ! starts; then
    for library in "$pack"/lib/*; do
      library=${library##*/}
      unpack "lib/${library%.gz}" "$work/lib" || return 1
    done
    starts || { echo "the pack's command does not start here: $(printf '%s\n' "$problem" | tail -n 1)"; return 1; }
  fi
  rm -rf "$work/drivers"
  "$pack/drivers.sh" "$work/drivers" >"$work/drivers.txt" 2>"$work/drivers-missing.txt" || true
  LD_LIBRARY_PATH=$work/lib${own_library_path:+:$own_library_path}
  # A driver's own libraries lie beside it.
  while read -r driver; do
    place=${driver%/*}
    case ":/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:/usr/lib64:/lib64:/usr/lib:/lib:$LD_LIBRARY_PATH:" in
      *":$place:"*) ;;
      *) LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$place ;;
    esac
  done <"$work/drivers.txt"
  # A library that somebody put in front stays there, with the pack's loader behind it.
  if [ -n "${GLISSADE_OPENCL_LIBRARY:-}" ]; then
    GLISSADE_REAL_OPENCL=${GLISSADE_REAL_OPENCL:-$work/loader/libOpenCL.so.1}
    export GLISSADE_REAL_OPENCL
  else
    GLISSADE_OPENCL_LIBRARY=$work/loader/libOpenCL.so.1
  fi
  OCL_ICD_VENDORS=$work/drivers
  GLISSADE_DATASETS=$pack/data
  GLISSADE_COMMAND=$work/bin/glissade
  # What is compiled and tuned stays in this folder: what the machine's user has cached is neither read nor changed.
  GLISSADE_CACHE=$work/cache/glissade
  CUDA_CACHE_PATH=$work/cache/cuda
  POCL_CACHE_DIR=$work/cache/pocl
  XDG_CACHE_HOME=$work/cache/other
  PYTHONDONTWRITEBYTECODE=1
  PATH=$work/bin:$PATH
  export LD_LIBRARY_PATH GLISSADE_OPENCL_LIBRARY OCL_ICD_VENDORS GLISSADE_DATASETS GLISSADE_COMMAND GLISSADE_CACHE CUDA_CACHE_PATH
  export POCL_CACHE_DIR XDG_CACHE_HOME PYTHONDONTWRITEBYTECODE PATH
}
