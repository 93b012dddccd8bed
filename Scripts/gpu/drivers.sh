#!/bin/sh
# Writes an .icd file for each OpenCL driver of this machine into a folder, and a line with the driver's path for each to standard output.
# Drivers are looked for by their libraries' names wherever distributions and containers put them, because containers often have the
# library and nothing that names it; what the machine's own .icd files name counts, too.
#   Scripts/gpu/drivers.sh FOLDER
# OCL_ICD_VENDORS is the folder of .icd files that is read in place of /etc/OpenCL/vendors. GLISSADE_GPU_ROOT comes in front of every path
# that is searched; with it the dynamic linker's cache is left alone.
set -eu

[ "$#" -eq 1 ] || { echo "usage: Scripts/gpu/drivers.sh FOLDER" >&2; exit 2; }
folder=$1
root=${GLISSADE_GPU_ROOT:-}
mkdir -p "$folder"

# NVIDIA, AMD, Intel.
known="libnvidia-opencl.so.1 libamdocl64.so libigdrcl.so"

# Folders that drivers lie in, one a line.
places() {
  printf '%s\n' "${LD_LIBRARY_PATH:-}" | tr ':' '\n'
  for place in /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/lib64 /usr/lib /usr/local/nvidia/lib64 /usr/local/nvidia/lib \
    /usr/local/cuda/compat /usr/local/cuda/compat/lib /usr/local/cuda/lib64 /usr/lib/x86_64-linux-gnu/nvidia/current /usr/lib64/nvidia \
    /usr/lib/nvidia /run/nvidia/driver/usr/lib/x86_64-linux-gnu /run/nvidia/driver/usr/lib64 /run/opengl-driver/lib /usr/lib/wsl/lib \
    /opt/rocm/lib /opt/rocm/opencl/lib /opt/amdgpu-pro/lib/x86_64-linux-gnu /opt/amdgpu/lib/x86_64-linux-gnu \
    /usr/lib/x86_64-linux-gnu/intel-opencl /usr/lib64/intel-opencl /usr/lib/intel-opencl /opt/intel/opencl; do
    echo "$root$place"
  done
  for place in "$root"/opt/rocm-*/lib "$root"/usr/local/cuda-*/compat; do [ ! -d "$place" ] || echo "$place"; done
}

# Prints where a library is; nothing where it is not.
locate_library() {
  if [ -z "$root" ]; then
    found=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }')
    if [ -n "$found" ] && [ -e "$found" ]; then echo "$found"; return; fi
  fi
  places | while read -r place; do
    [ -n "$place" ] || continue
    # The name itself, or with a version where nobody made the link.
    for file in "$place/$1" "$place/${1%%.so*}".so.[0-9]*; do
      if [ -e "$file" ]; then echo "$file"; break 2; fi
    done
  done
}

write_driver() { # the library's name, its path
  stem=${1##*/}
  stem=${stem%%.so*}
  [ ! -e "$folder/$stem.icd" ] || return 0
  echo "$2" >"$folder/$stem.icd"
  echo "$2"
}

for name in $known; do
  path=$(locate_library "$name")
  [ -z "$path" ] || write_driver "$name" "$path"
done

vendors=${OCL_ICD_VENDORS:-$root/etc/OpenCL/vendors}
for file in "$vendors"/*.icd; do
  [ -f "$file" ] || continue
  name=''
  read -r name <"$file" || [ -n "$name" ] || continue
  case $name in
    /*) if [ -e "$root$name" ]; then write_driver "$name" "$root$name"; continue; fi ;;
  esac
  path=$(locate_library "${name##*/}")
  if [ -n "$path" ]; then write_driver "$name" "$path"; else echo "$file names $name, which is not there" >&2; fi
done

if [ ! -e "$folder/libnvidia-opencl.icd" ] && [ -n "$(locate_library libcuda.so.1)" ]; then
  echo "NVIDIA's driver is there without its OpenCL, libnvidia-opencl.so.1; containers get it with NVIDIA_DRIVER_CAPABILITIES=compute,utility" >&2
fi
