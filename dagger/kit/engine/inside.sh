#!/bin/bash
# Runs within the sandbox: the registry that keeps the offline images, and the engine.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umount -l /.host
engine=/slipway/store/$SLIPWAY_ENGINE
mkdir -p /opt/cni/bin /usr/local/share/dagger /etc/dagger
ln -s "$engine/init" /usr/local/bin/dagger-init
# Where a build of Dagger that isn't the kit's own looks for it.
ln -s /usr/sbin/runc /usr/local/bin/runc
ln -s /usr/lib/cni/{bridge,firewall,host-local,loopback} "$engine/dnsname" /opt/cni/bin/
ln -s "/slipway/store/$SLIPWAY_SDK/content" /usr/local/share/dagger/content
cp /slipway/run/engine.json /etc/dagger/engine.json
DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST=$(cat "/slipway/store/$SLIPWAY_SDK/digest")
export DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST

# Networks of containers made ahead: the default of a hundred takes seconds at each start and stop.
networks=16

docker-registry serve /slipway/run/registry.yml > /slipway/logs/registry.log 2>&1 &
"$engine/engine" --addr unix:///slipway/run/engine.sock --root /slipway/engine --network-cidr "$SLIPWAY_CIDR" --oci-cni-pool-size $networks \
  > /slipway/logs/engine.log 2>&1 &
pid=$!

# An engine that is killed can't use its cache at the next start: it gets time to end by itself, and leaves a file
# that says so.
end() {
  kill -TERM $pid 2> /dev/null || return 0
  for _ in {1..90}; do
    kill -0 $pid 2> /dev/null || { touch /slipway/engine.ended; return 0; }
    sleep 0.1
  done
}
trap 'end; exit 0' TERM
wait -n || true
end
exit 1
