#!/bin/sh
# Draws docs/images/pd_example.png: patches/pd_example.pd as Pd shows it, without a screen.
#
#   docs/draw_pd_example.sh [PATCH] [PICTURE]
#
# Needs puredata-gui, xvfb, imagemagick and x11-utils, and vschaos~ or nn~ (make external).

set -eu
cd "$(dirname "$0")/.."
patch=$(realpath "${1:-patches/pd_example.pd}")
picture=${2:-docs/images/pd_example.png}
for tool in Xvfb pd wish import xwininfo; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is missing: apt-get install puredata-gui xvfb imagemagick x11-utils" >&2
        exit 1
    fi
done

display=:$((100 + $$ % 400))
Xvfb "$display" -screen 0 1400x1100x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
pd=""
trap 'kill $pd $server 2>/dev/null || true' EXIT
export DISPLAY="$display"
sleep 2
pd -nrt -noprefs -nosound -nomidi -path build/external -path patches -lib vschaos~ \
    -open "$patch" >/dev/null 2>&1 &
pd=$!

window=""
waited_s=0
while [ -z "$window" ]; do
    if [ "$waited_s" -ge 60 ]; then
        echo "Pd showed no window of $patch within a minute" >&2
        exit 1
    fi
    sleep 1
    waited_s=$((waited_s + 1))
    window=$(xwininfo -root -tree | grep -F "\"$(basename "$patch")" | awk '{ print $1; exit }')
done
sleep 4 # until everything is drawn
mkdir -p "$(dirname "$picture")"
import -window "$window" "$picture"
