#!/bin/sh
# Installs libreseed, or upgrades it, or takes it away again.
#
#   install.sh [--system] [--key KEY] BASE      (or INSTALL_BASE=BASE, INSTALL_KEY=KEY)
#   install.sh [--system] --uninstall
#
# BASE is the address of a release's files: those of `deno task release`, on any web server. The
# program goes to ~/.local/bin, with --system to /usr/local/bin. It is installed only if its SHA-256
# is the one in the release's SHA256SUMS. That shows that it came whole, and as whoever runs the
# server has it. Who made it is shown by the signature in SHA256SUMS.sig, which openssl verifies for the
# publisher KEY (ed25519:…), or for the one that the release has put into this script. Take the key from
# elsewhere than from the server. Without a key or openssl, the script says that it could not check.
#
# The program prints its manual pages and its completions for bash, zsh and fish; the script puts those
# in place, too. If it cannot, it says so, and the program is installed all the same.
#
# On Linux libreseed needs glibc 2.27 or newer; on a system with musl, such as Alpine, it does not run.
# The program has 110 MB.
set -eu

name=libreseed
# The identity of the publisher; `deno task release` fills it in.
publisher=
glibc=2.27
needs="on Linux $name needs glibc $glibc or newer and 110 MB of disk"

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

usage() {
  echo "usage: install.sh [--system] [--key KEY] BASE | install.sh [--system] --uninstall" >&2
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

# holds KEY MESSAGE SIGNATURE: whether the Ed25519 signature in a file holds. KEY is a file of 32 bytes.
holds() {
  # The head of a SubjectPublicKeyInfo for Ed25519 (RFC 8410), before the 32 bytes of the key.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && cat "$1"; } >"$1.der"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$1.der" -rawin -in "$2" -sigfile "$3" \
    >/dev/null 2>&1
}

# decode TEXT FILE: writes what a text in base64 stands for.
decode() {
  printf '%s' "$1" | openssl base64 -d -A >"$2" 2>/dev/null
}

hex() {
  od -An -v -tx1 | tr -d ' \n'
}

# Whether this openssl knows Ed25519: it is asked about a signature that is known to be right.
knows_ed25519() {
  decode zF+1iXsOlDMkhP++xoRFU84NRksI8ibfDmRY66cjiCA= "$1/known" &&
    printf 'libreseed\n' >"$1/known.text" &&
    decode CAYWjP9rhLo6qb18PKJwOzf96aF/irBnxl8lTaRbys8H9TzpIPP4rnpM8CqntGijnU6rCE/oUn2AgnI11eKFAA== \
      "$1/known.signature" &&
    holds "$1/known" "$1/known.text" "$1/known.signature"
}

# certified DIRECTORY: replaces DIRECTORY/key, the publisher's key, by the key that it certifies.
certified() {
  # shellcheck disable=SC2046 # two words: the signed bytes of the certificate, and their signature
  set -- "$1" $(sed -n 's/^certificate \([^ ]*\) \([^ ]*\)$/\1 \2/p' "$1/SHA256SUMS.sig")
  [ $# -gt 1 ] || return 0
  if ! { [ $# -eq 3 ] && decode "$2" "$1/certificate" && decode "$3" "$1/certificate.signature" &&
    holds "$1/key" "$1/certificate" "$1/certificate.signature"; }; then
    fail "the publisher has not signed the certificate in SHA256SUMS.sig; nothing was installed"
  fi
  # Bencoded: from, signing key, root key, and until if it is limited. Names would limit it, too.
  head=$(printf 'libreseed:certificate:v2\nd1:fi' | hex)
  rest=$(hex <"$1/certificate" | sed -n "s/^$head\(\(3[0-9]\)*\)65313a6b33323a.\{64\}313a7233323a/\1 /p")
  from=${rest%% *}
  until=$(echo "${rest#* }" | sed -n "s/^$(hex <"$1/key")\(.*\)65\$/\1-/p")
  case "$until" in
    -) ;;
    313a7569*65-)
      until=$(echo "$until" | sed 's/^313a7569//; s/65-$//; s/3\(.\)/\1/g')
      [ "$until" -ge "$(date +%s)000" ] ||
        fail "the certificate in SHA256SUMS.sig has ended; nothing was installed"
      ;;
    *) fail "the certificate in SHA256SUMS.sig is not one for releases; nothing was installed" ;;
  esac
  tail -c "+$(((${#head} + ${#from}) / 2 + 8))" "$1/certificate" | head -c 32 >"$1/signing"
  mv "$1/signing" "$1/key"
}

# check_signature BASE DIRECTORY: fails if SHA256SUMS is not signed by the publisher.
check_signature() {
  case "$key" in
    '') unchecked "no key of the publisher is known (--key)" && return ;;
    ed25519:?*) ;;
    *) fail "--key $key is no key: it begins with ed25519:" ;;
  esac
  command -v openssl >/dev/null || { unchecked "openssl is not installed" && return; }
  knows_ed25519 "$2" || { unchecked "this openssl does not know Ed25519" && return; }
  fetch "$1/SHA256SUMS.sig" "$2/SHA256SUMS.sig"
  if ! { decode "${key#ed25519:}" "$2/key" && [ "$(wc -c <"$2/key")" -eq 32 ]; }; then
    fail "--key $key is no key"
  fi
  certified "$2"
  { printf 'libreseed:release-sums:v1\n' && cat "$2/SHA256SUMS"; } >"$2/signed"
  if ! { decode "$(sed -n 's/^signature //p' "$2/SHA256SUMS.sig")" "$2/signature" &&
    holds "$2/key" "$2/signed" "$2/signature"; }; then
    fail "SHA256SUMS is not signed by $key; nothing was installed"
  fi
}

unchecked() {
  echo "install.sh: who made this release was not checked: $1" >&2
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
  check_signature "$base" "$temporary"
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
  add_pages || :
  case ":$PATH:" in
    *":$directory:"*) ;;
    *) echo "$directory is not on your PATH: add it, or give the whole path" >&2 ;;
  esac
}

# Adds manual pages, and completions for the shells that this machine has. A program from before
# there were such pages has none, and gets none.
add_pages() {
  first=
  mkdir "$temporary/pages" || return
  "$directory/$name" man --all >"$temporary/all" 2>/dev/null </dev/null || return 0
  IFS= read -r first <"$temporary/all" || return 0
  [ "$first" = ".\\\" $name.1" ] || return 0
  # The first line of each page is a comment that names its file.
  # shellcheck disable=SC2016 # a program of awk
  if awk -v to="$temporary/pages" '
      /^\.\\" libreseed[a-z-]*\.1$/ { if (file) close(file); file = to "/" $2 }
      { print >file }
    ' "$temporary/all" && chmod 644 "$temporary/pages"/*.1 && mkdir -p "$manual" 2>/dev/null && remove_pages &&
    mv -f "$temporary/pages"/*.1 "$manual" 2>/dev/null; then
    echo "manual pages in $manual"
  else
    echo "install.sh: the manual pages could not be written to $manual" >&2
  fi
  for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || continue
    file=$(completion_for "$shell")
    if "$directory/$name" completions "$shell" >"$temporary/$shell" 2>/dev/null </dev/null &&
      chmod 644 "$temporary/$shell" && mkdir -p "${file%/*}" 2>/dev/null && mv -f "$temporary/$shell" "$file" 2>/dev/null; then
      case "$shell-$system" in
        zsh-no) echo "completion for zsh in $file; its directory belongs in your fpath" ;;
        *) echo "completion for $shell in $file" ;;
      esac
    else
      echo "install.sh: the completion for $shell could not be written to $file" >&2
    fi
  done
}

# completion_for SHELL: the path of the file that the shell loads.
completion_for() {
  case "$1" in
    bash) echo "$share/bash-completion/completions/$name" ;;
    zsh) echo "$share/zsh/site-functions/_$name" ;;
    fish) echo "$fish/$name.fish" ;;
  esac
}

remove_pages() {
  rm -f "$manual/$name.1" "$manual/$name"-*.1
}

uninstall() {
  [ -e "$directory/$name" ] || fail "there is no $directory/$name"
  rm -f "$directory/$name" || fail "cannot remove $directory/$name"
  also=
  if [ -e "$manual/$name.1" ]; then also=" and its manual pages"; fi
  remove_pages || echo "install.sh: cannot remove the manual pages in $manual" >&2
  for shell in bash zsh fish; do
    file=$(completion_for "$shell")
    rm -f "$file" || echo "install.sh: cannot remove $file" >&2
  done
  echo "removed $directory/$name$also; keys and packages stay where they are"
}

system=no
uninstall=no
base=${INSTALL_BASE:-}
key=${INSTALL_KEY:-$publisher}
before=
for argument in "$@"; do
  if [ "$before" = --key ]; then
    key=$argument
    before=
    continue
  fi
  before=$argument
  case "$argument" in
    --key) ;;
    --key=*) key=${argument#--key=} ;;
    --system) system=yes ;;
    --uninstall) uninstall=yes ;;
    -*) usage ;;
    *) base=$argument ;;
  esac
done

[ "$before" != --key ] || usage

if [ "$system" = yes ]; then
  directory=/usr/local/bin
  share=/usr/local/share
  manual=$share/man/man1
  fish=$share/fish/vendor_completions.d
else
  [ -n "${HOME:-}" ] || fail "HOME is not set; with --system it is not needed"
  directory=$HOME/.local/bin
  share=${XDG_DATA_HOME:-$HOME/.local/share}
  # Beside the directory of programs on the PATH, where man looks.
  manual=$HOME/.local/share/man/man1
  fish=${XDG_CONFIG_HOME:-$HOME/.config}/fish/completions
fi

if [ "$uninstall" = yes ]; then
  uninstall
elif [ -n "$base" ]; then
  install "$base"
else
  usage
fi
