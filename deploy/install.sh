#!/bin/sh
# Installs Squall from a release: downloads the archive for this machine, checks its digest, and puts the program, its
# manual pages and completions below a folder.
#
#   curl -fsSL https://github.com/squall-load/squall/releases/latest/download/install.sh | sh
#
#   SQUALL_VERSION   the version, such as 0.1.0 (the latest)
#   SQUALL_PREFIX    where to: bin/squall and share/... below it (~/.local)
#   SQUALL_RELEASE   the address of a release's files, in place of GitHub's: for a mirror
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

download() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget --quiet --tries=3 --output-document="$2" "$1"
    else
        fail "curl or wget is needed"
    fi || fail "cannot download $1"
}

[ "$(uname -s)" = Linux ] || fail "there are packages for Linux only; on $(uname -s), build from source"
case $(uname -m) in
    x86_64 | amd64) target=x86_64-unknown-linux-musl ;;
    aarch64 | arm64) target=aarch64-unknown-linux-musl ;;
    *) fail "there are packages for x86-64 and aarch64; on $(uname -m), build from source" ;;
esac

releases=https://github.com/squall-load/squall/releases
if [ -n "${SQUALL_VERSION:-}" ]; then
    release=${SQUALL_RELEASE:-$releases/download/v${SQUALL_VERSION#v}}
else
    release=${SQUALL_RELEASE:-$releases/latest/download}
fi
prefix=${SQUALL_PREFIX:-$HOME/.local}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
download "$release/SHA256SUMS" "$work/SHA256SUMS"
archive=$(sed -n "s/^[0-9a-f]*  \(squall-.*-$target\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS")
[ -n "$archive" ] || fail "$release has no archive for $target"
download "$release/$archive" "$work/$archive"
(cd "$work" && grep "  $archive\$" SHA256SUMS | sha256sum --check --status -) ||
    fail "$archive is not what SHA256SUMS says: try again; if it stays so, do not use it"
tar -xzf "$work/$archive" -C "$work"

folder=$work/${archive%.tar.gz}
mkdir -p "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
    "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d"
# Replaced in one step, so that a running squall goes on with its own file.
cp "$folder/squall" "$prefix/bin/.squall.new"
mv "$prefix/bin/.squall.new" "$prefix/bin/squall"
cp "$folder"/man/* "$prefix/share/man/man1/"
cp "$folder/completions/bash/squall" "$prefix/share/bash-completion/completions/"
cp "$folder/completions/zsh/_squall" "$prefix/share/zsh/site-functions/"
cp "$folder/completions/fish/squall.fish" "$prefix/share/fish/vendor_completions.d/"

echo "$("$prefix/bin/squall" --version) is in $prefix/bin"
case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) echo "Add it to your PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
