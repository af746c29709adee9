#!/bin/sh
# Lays out what /usr/local has in the image, for each platform: build.sh JARS OUT
set -eu
for names in amd64:x86_64 arm64:arm64; do
  platform=linux-${names#*:}
  to=$2/${names%:*}
  mkdir -p "$to/bin"
  unzip -q "$1"/cpython-*-"$platform.jar" "org/bytedeco/cpython/$platform/*" -d "$2/jar"
  cd "$2/jar/org/bytedeco/cpython/$platform"
  version=$(basename lib/python3.*)
  mv include lib "$to"
  mv "bin/$version" "$to/bin"
  mv libpython3.*.so.* "$to/lib"
  # Beside the extension that needs it, so that it is found without ldconfig.
  mv libffi.so.? "$to/lib/$version/lib-dynload"
  chmod 755 "$to/bin/$version"
  rm -r "$to/lib/$version/test" "$to/lib/$version/site-packages"
done
rm -r "$2/jar"
