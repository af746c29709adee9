#!/bin/sh
# Lays out ZAP as its release has it, from a folder of jars: build.sh JARS OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
jars=$1
out=$2
# One date for all, so that the same sources make the same bytes.
date=--date=2026-01-01T00:00:00Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out/lib" "$out/plugin"
cp "$jars"/*.jar "$out/lib"
# By where this one is, ZAP knows where the rest is.
mv "$out"/lib/zap-[0-9]*.jar "$out"
cp "$here/zap.sh" "$out"

own() { jar --create --no-manifest "$date" --file "$out/plugin/$1-alpha-1.zap" -C "$2" .; }
javac -nowarn --release 17 -d "$work/classes" -cp "$jars/*" "$here"/src/dev/slipway/zap/*.java
cp "$here/ZapAddOn.xml" "$work/classes"
own slipway "$work/classes"
# Without the first, which calls home, ZAP doesn't start; the second is named by the spider, and used by nothing here.
for name in callhome database; do own "$name" "$here/empty"; done

# Its logger has to lie beside the one that it brings.
mkdir -p "$work/network"
(cd "$work/network" && jar --extract --file "$(echo "$out"/lib/log4j-slf4j-impl-*.jar)" org)
rm "$out"/lib/log4j-slf4j-impl-*.jar
for name in automation commonlib network spider; do
    jar=$(echo "$out/lib/$name"-[0-9]*.jar)
    version=$(basename "$jar" .jar)
    mv "$jar" "$out/plugin/$name-beta-${version#"$name"-}.zap"
    # The libraries that the release has within its add-ons.
    mkdir -p "$work/$name/libs"
    unzip -p "$out/plugin/$name"-beta-*.zap ZapAddOn.xml |
        sed -n 's|.*<lib>libs/\(.*\)</lib>.*|\1|p' |
        while read -r lib; do mv "$out/lib/$lib" "$work/$name/libs"; done
    jar --update "$date" --file "$(echo "$out/plugin/$name"-beta-*.zap)" -C "$work/$name" .
done
