#!/bin/bash
# Runs the engine apart from the host: mount, process, network, IPC, UTS and cgroup namespaces of its own, and a root
# file system of its own whose writes go to memory. Everything is a child of this script's process 1, so that the
# kernel ends and unmounts all of it when that process ends, however it ends.
#
#   SLIPWAY_ROOT   the engine's root file system, read-only
#   SLIPWAY_HOME   what lasts; seen at /slipway inside
#   SLIPWAY_ID     names the cgroup and the emulator's handler
#   SLIPWAY_NET    the network between engine and host, first three numbers of a /24
#   SLIPWAY_CIDR   the containers' network
#   SLIPWAY_MIRROR the command that serves the registry mirror; it sees the host's files
#   SLIPWAY_MIRROR_IP where containers reach it
set -euo pipefail
stage=${1:-cgroup}
run=$SLIPWAY_HOME/run
root=$run/root

# The whole group counts as one process beside others unless it weighs more: once the usual weight for each processor.
weigh() {
  [ ! -e "$1" ] || echo $(($2 * $(nproc))) > "$1"
}

join_cgroup() {
  local dir
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$SLIPWAY_ID"
    weigh "/sys/fs/cgroup/$SLIPWAY_ID/cpu.weight" 100
    echo $$ > "/sys/fs/cgroup/$SLIPWAY_ID/cgroup.procs"
  else
    for dir in /sys/fs/cgroup/*/; do
      [ -e "$dir/cgroup.procs" ] && [ ! -e "$dir/cgroup.controllers" ] || continue
      mkdir -p "$dir$SLIPWAY_ID"
      # A new cpuset is empty and takes no process before it has processors and memory nodes.
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$dir$file" ] || cat "$dir$file" > "$dir$SLIPWAY_ID/$file"
      done
      weigh "$dir$SLIPWAY_ID/cpu.shares" 1024
      echo $$ > "$dir$SLIPWAY_ID/cgroup.procs"
    done
  fi
}

# In cgroup v2 a group with controllers for its children holds no process of its own.
delegate_cgroup2() {
  [ -e /sys/fs/cgroup/cgroup.controllers ] || return 0
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs || true
  sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
}

# Lets the kernel run arm64 programs through the emulator of the engine's root. The kernel opens it now (flag F), so
# that it serves containers of whatever root. A handler that is there already is left alone.
enable_emulation() {
  local handlers=/proc/sys/fs/binfmt_misc
  mount -t binfmt_misc none "$handlers" || return 0
  [ "$(uname -m)" != aarch64 ] && [ ! -e "$handlers/qemu-aarch64" ] && [ ! -e "$handlers/$SLIPWAY_ID" ] || return 0
  sed "s#^:qemu-aarch64:#:$SLIPWAY_ID:#; s#:/usr/#:$SLIPWAY_ROOT/usr/#" \
    "$SLIPWAY_ROOT/usr/lib/binfmt.d/qemu-aarch64.conf" > "$handlers/register"
}

case $stage in
cgroup)
  join_cgroup
  exec unshare --mount --propagation private --pid --fork --kill-child --ipc --uts --cgroup -- "$0" outer
  ;;

# Process 1: sees the host's files and network, and starts what makes the bridge between the two worlds.
outer)
  mount -t proc proc /proc
  enable_emulation
  mkdir -p "$run/layer" "$root"
  mount -t tmpfs none "$run/layer"
  mkdir -p "$run/layer"/{up,work}
  mount -t overlay overlay -o "lowerdir=$SLIPWAY_ROOT,upperdir=$run/layer/up,workdir=$run/layer/work" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/slipway"
  mount --bind "$SLIPWAY_HOME" "$root/slipway"
  printf 'nameserver %s.3\n' "$SLIPWAY_NET" > "$run/resolv.conf"
  cp "$run/resolv.conf" "$root/etc/resolv.conf"
  # What the host trusts beyond the public authorities, a company's proxy say, the engine and its containers trust too.
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  [ ! -s /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

  ( exec unshare --net --mount -- "$0" inner ) &
  inner=$!
  until [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$inner/ns/net)" ]; do sleep 0.01; done
  # Containers reach the mirror at one fixed address: their gateway's may change, and 127.0.0.1 is their own. They
  # don't reach the metadata service of a cloud, which hands out the machine's own credentials.
  nsenter --net="/proc/$inner/ns/net" chroot "$root" sh -euc '
    ip link set lo up
    ip address add "$0/32" dev lo
    ip route add blackhole 169.254.0.0/16' "$SLIPWAY_MIRROR_IP"
  # User-mode networking: no interface, route or packet filter rule on the host. It asks the host's own resolvers.
  unshare --mount -- bash -euc 'mount --bind "$(realpath /etc/resolv.conf)" "$0/etc/resolv.conf"
    exec chroot "$0" slirp4netns --configure --mtu=65520 --disable-host-loopback --cidr="$1.0/24" "$2" tap0' \
    "$root" "$SLIPWAY_NET" "$inner" > "$SLIPWAY_HOME/logs/network.log" 2>&1 &
  nsenter --net="/proc/$inner/ns/net" unshare --mount -- bash -euc '
    mount --bind "$1" "$(realpath /etc/resolv.conf)"
    exec $SLIPWAY_MIRROR' - "$run/resolv.conf" > "$SLIPWAY_HOME/logs/mirror.log" 2>&1 &
  end() {
    kill -TERM "$inner" 2> /dev/null || true
    wait "$inner" || true
  }
  trap 'end; exit 0' TERM INT
  wait -n || true
  end
  exit 1
  ;;

# Sees its own network, then only its own root.
inner)
  until [ -e /proc/self/ns/net ] && grep -q tap0 /proc/self/net/dev; do sleep 0.02; done
  mount -t sysfs -o ro sysfs "$root/sys"
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup" 2>/dev/null || mount --bind /sys/fs/cgroup "$root/sys/fs/cgroup"
  mount -t tmpfs none "$root/run"
  mount -t tmpfs none "$root/tmp"
  mkdir -p "$root/.host"
  cd "$root"
  pivot_root . .host
  exec chroot . /slipway/run/inside.sh < /dev/null
  ;;
esac
