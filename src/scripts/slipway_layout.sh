#!/bin/sh
# Makes of the engine's archive of an image (/in.tar) an OCI layout (/out) that doesn't tell when it was made.
# LAYERS is the time that the image says it has, and that the files in its own layers get; with AFTER only those that
# are younger.
set -eu
mkdir -p /out
tar -xf /in.tar -C /in
image=ocidir:///in@$(sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p' /in/index.json)
# The base image's layers stay as they are, so that they are pushed and pulled no second time.
regctl image config "$image" --format '{{range .History}}{{println .CreatedBy}}{{end}}' >/tmp/history
base=$(grep -c '^import image layer ' /tmp/history) || [ $? -eq 1 ] # none: an image that begins with nothing
regctl image mod "$image" --create ocidir:///out:image \
  --config-platform "$PLATFORM" --config-time "set=$LAYERS" --layer-time "set=$LAYERS${AFTER:+,after=$AFTER},base-layers=$base"
