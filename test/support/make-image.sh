#!/bin/sh
# Writes the files of a small image out of this machine's own programs, for tests of containers without a network:
#   sh test/support/make-image.sh [program …] | docker import - tools:test
#   sh test/support/make-image.sh [program …] | podman import - tools:test
# For Linux with ldd and GNU tar; programs beside those below by their names, other files by their paths.
set -eu
programs='sh bash cat ls cp mv rm mkdir ln touch date sleep true env id whoami echo test wc head tail sort tr cut grep
sed awk ps setsid nohup stat chmod git'
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/tmp" "$root/root" "$root/proc" "$root/dev"
chmod 755 "$root" && chmod 1777 "$root/tmp"
for dir in bin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done

# A file under its own name, as what it leads to, with the libraries that it needs.
take() {
  mkdir -p "$root$(dirname "$1")"
  [ -e "$root$1" ] || cp -L "$1" "$root$1"
  ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
  done
}

for name in $programs "$@"; do
  case "$name" in /*) take "$name" && continue ;; esac
  for dir in /usr/bin /bin /usr/local/bin; do
    [ -f "$dir/$name" ] && take "$dir/$name" && break
  done
done
core=$(git --exec-path)
mkdir -p "$root$(dirname "$core")"
cp -R "$core" "$root$core"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
tar --create --owner=0 --group=0 --numeric-owner -C "$root" .
