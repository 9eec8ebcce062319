#!/bin/sh
# Installs libreseed, or upgrades it, or takes it away again.
#
#   install.sh [--system] BASE      (or INSTALL_BASE=BASE install.sh [--system])
#   install.sh [--system] --uninstall
#
# BASE is the address of a release's files: those of `deno task release`, on any web server. The
# program goes to ~/.local/bin, with --system to /usr/local/bin. It is installed only if its SHA-256
# is the one in the release's SHA256SUMS. That shows that it came whole, and as whoever runs the
# server has it; who made it is shown by the signature of the package that the release is published as.
#
# On Linux libreseed needs glibc 2.27 or newer; on a system with musl, such as Alpine, it does not run.
# The program has 109 MB.
set -eu

name=libreseed
glibc=2.27
needs="on Linux $name needs glibc $glibc or newer and 109 MB of disk"

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

usage() {
  echo "usage: install.sh [--system] BASE | install.sh [--system] --uninstall" >&2
  exit 2
}

# What `deno compile --target` calls this machine.
target() {
  case "$(uname -s)" in
    Linux) system=unknown-linux-gnu ;;
    Darwin) system=apple-darwin ;;
    *) fail "there is no $name for $(uname -s) that this script could install" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no $name for $(uname -m)" ;;
  esac
  echo "$machine-$system"
}

# The version of glibc, `musl`, or nothing if it cannot be found out.
libc() {
  found=$(getconf GNU_LIBC_VERSION 2>/dev/null || :)
  case "$found" in
    glibc\ *) echo "${found#glibc }" && return ;;
  esac
  # The ldd of musl knows no --version, and says what it is where it complains of it.
  found=$(ldd --version 2>&1 || :)
  case "$found" in
    *musl*) echo musl ;;
    ldd*) echo "$found" | awk 'NR == 1 { print $NF }' ;;
    *) for loader in /lib/ld-musl-*; do [ ! -e "$loader" ] || echo musl; done ;;
  esac
}

# Fails where the program could not run, before it is fetched.
check_libc() {
  [ "$(uname -s)" = Linux ] || return 0
  have=$(libc)
  case "$have" in
    musl*) fail "this system has musl; $needs" ;;
    *[!0-9.]* | '') return 0 ;;
  esac
  oldest=$(printf '%s\n%s\n' "$have" "$glibc" |
    awk -F . 'NR == 1 { a = $1; b = $2 } END { print (a < $1 || (a == $1 && b < $2)) ? "old" : "new" }')
  [ "$oldest" = new ] || fail "this system has glibc $have; $needs"
}

# fetch ADDRESS FILE
fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --output "$2" -- "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" -- "$1"
  else
    fail "neither curl nor wget is installed"
  fi || fail "cannot fetch $1"
}

sum_of() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 <"$1"
  else
    fail "neither sha256sum nor shasum is installed"
  fi | cut -d ' ' -f 1
}

install() {
  base=${1%/}
  program=$name-$(target)
  check_libc
  mkdir -p "$directory" || fail "cannot make $directory"
  # Beside the place where it goes, so that it comes there whole or not at all.
  temporary=$(mktemp -d "$directory/.$name-XXXXXX") || fail "cannot write to $directory"
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM

  fetch "$base/SHA256SUMS" "$temporary/SHA256SUMS"
  expected=$(awk -v name="$program" '$2 == name || $2 == "*" name { print $1 }' "$temporary/SHA256SUMS")
  case "$expected" in
    '') fail "SHA256SUMS has no line for $program; nothing was installed" ;;
    *[!0-9a-f]*) fail "SHA256SUMS has no single SHA-256 for $program; nothing was installed" ;;
  esac
  fetch "$base/$program" "$temporary/$name"
  actual=$(sum_of "$temporary/$name")
  if [ "$actual" != "$expected" ]; then
    fail "$program has the SHA-256 $actual, SHA256SUMS says $expected; nothing was installed"
  fi
  chmod 755 "$temporary/$name"
  version=$("$temporary/$name" version) || fail "$program does not run here; nothing was installed"
  mv -f "$temporary/$name" "$directory/$name" || fail "cannot write $directory/$name"
  echo "$version in $directory/$name"
  case ":$PATH:" in
    *":$directory:"*) ;;
    *) echo "$directory is not on your PATH: add it, or give the whole path" >&2 ;;
  esac
}

uninstall() {
  [ -e "$directory/$name" ] || fail "there is no $directory/$name"
  rm -f "$directory/$name" || fail "cannot remove $directory/$name"
  echo "removed $directory/$name; keys and packages stay where they are"
}

system=no
uninstall=no
base=${INSTALL_BASE:-}
for argument in "$@"; do
  case "$argument" in
    --system) system=yes ;;
    --uninstall) uninstall=yes ;;
    -*) usage ;;
    *) base=$argument ;;
  esac
done

if [ "$system" = yes ]; then
  directory=/usr/local/bin
else
  [ -n "${HOME:-}" ] || fail "HOME is not set; with --system it is not needed"
  directory=$HOME/.local/bin
fi

if [ "$uninstall" = yes ]; then
  uninstall
elif [ -n "$base" ]; then
  install "$base"
else
  usage
fi
