#!/bin/sh
# Keep FETCH_TARGET equal to the version folders in GRAFT_MODELS (an rclone path).
#
# A version is copied beside the others under a name that the server ignores and appears by
# one rename, so the server never sees half of it. It is taken only once saved_model.pb is
# there, which publishers upload last. FETCH_EVERY_S=0 looks once.
set -eu

versions() {
    rclone lsf --dirs-only "$GRAFT_MODELS" | sed 's,/$,,' | grep -E '^[0-9]+$' || true
}

fetch() {
    partial="$FETCH_TARGET/.partial-$1"
    rm -rf "$partial"
    rclone copy "$GRAFT_MODELS/$1" "$partial" && mv "$partial" "$FETCH_TARGET/$1"
}

look() {
    # An empty answer is more likely a failure than the wish to serve nothing.
    wanted=$(versions)
    [ -n "$wanted" ] || { echo "no versions in $GRAFT_MODELS" >&2; return 0; }
    for version in $wanted; do
        [ -d "$FETCH_TARGET/$version" ] && continue
        [ -n "$(rclone lsf "$GRAFT_MODELS/$version/saved_model.pb" 2>/dev/null)" ] || continue
        fetch "$version" || echo "could not fetch version $version" >&2
    done
    # What the bucket no longer lists is removed only once something that it does list is here.
    here=$(for version in $wanted; do
        if [ -d "$FETCH_TARGET/$version" ]; then echo "$version"; fi
    done)
    [ -n "$here" ] || { echo "none of the versions in $GRAFT_MODELS is here yet" >&2; return 0; }
    for folder in "$FETCH_TARGET"/*/; do
        version=$(basename "$folder")
        [ "$version" = "*" ] && continue
        echo "$wanted" | grep -qx "$version" || rm -rf "$folder"
    done
}

mkdir -p "$FETCH_TARGET"
while :; do
    look || echo "the look at $GRAFT_MODELS failed" >&2
    [ "$FETCH_EVERY_S" = 0 ] && break
    sleep "$FETCH_EVERY_S"
done
