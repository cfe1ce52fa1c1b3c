#!/bin/sh
# Installs missing Debian packages when this user may, else prints the line that does and fails.
# usage: install-system-packages.sh [--python PYTHON] PACKAGE...
set -eu

python=python3
if [ "${1:-}" = --python ]; then
  python=$2
  shift 2
fi

# A package is there when what it is needed for works, wherever that came from.
present() {
  case $1 in
    python3-venv) "$python" -c 'import ensurepip, venv' ;;
    python3-dev) "$python" -c 'import os, sysconfig as s; os.stat(os.path.join(s.get_path("include"), "Python.h"))' ;;
    binutils) objdump --version ;;
    chromium-driver) chromedriver --version ;;
    libclang-rt-dev) test -e "$(clang --print-runtime-dir)/libclang_rt.fuzzer-$(uname -m).a" ;;
    gcc-arm-none-eabi) arm-none-eabi-g++ --version ;;
    libnewlib-arm-none-eabi) arm-none-eabi-gcc -fsyntax-only -x c -include stdio.h /dev/null ;;
    libstdc++-arm-none-eabi-newlib) arm-none-eabi-g++ -fsyntax-only -x c++ -include array /dev/null ;;
    gcc-riscv64-unknown-elf) riscv64-unknown-elf-g++ --version ;;
    picolibc-riscv64-unknown-elf) riscv64-unknown-elf-gcc --specs=picolibc.specs -fsyntax-only -x c -include stdio.h /dev/null ;;
    g++-powerpc-linux-gnu) powerpc-linux-gnu-g++ --version ;;
    opensc) command -v pkcs11-tool ;;
    softhsm2) command -v softhsm2-util ;;
    qemu-system-misc) qemu-system-riscv32 --version ;;
    qemu-user) qemu-arm --version && qemu-aarch64 --version && qemu-ppc --version ;;
    *) "$1" --version ;;
  esac >/dev/null 2>&1
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "error: $python is not Python 3.11 or newer; name one with PYTHON=..." >&2
  exit 4
fi

missing=
for package in "$@"; do
  present "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root=sudo
else
  as_root=none
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null; then
  echo "error: missing:$missing" >&2
  echo "  next: sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 4
fi
echo "installing$missing" >&2
# The lists of packages can be old or absent; a second try after an update decides.
install() {
  # shellcheck disable=SC2086 # each word is a package
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
install 2>/dev/null || { $as_root apt-get update -qq && install; }
