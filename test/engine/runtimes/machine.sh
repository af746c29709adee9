#!/bin/bash
# A machine with Docker and podman, apart from this one: mount, process, network, IPC, UTS and cgroup namespaces of its
# own, and a root file system of its own whose writes go to memory. Everything is a child of this script's process 1:
# the kernel ends and unmounts all of it when that process ends, however it ends.
#
#   MACHINE_ID        names the cgroup
#   MACHINE_ROOT      the machine's root file system, read-only
#   MACHINE_TOOLS     the kit's, for user-mode networking and the registry
#   MACHINE_WORK      a folder on a disk: what the runtimes store, and the machine's logs
#   MACHINE_REGISTRY  the folder of the kit's registry, read-only
#   MACHINE_MIRROR_IP where its images are served
#   MACHINE_SHOWN     folders to be seen in the machine under the same path, read-only; separated by colons
set -euo pipefail
stage=${1:-cgroup}
root=$MACHINE_WORK/root
net=10.213.7

join_cgroup() {
  local dir
  for dir in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
    # Of both versions at once, as systemd's hybrid mode has them, containers use the first alone.
    [ "$dir" = /sys/fs/cgroup/ ] || [ ! -e "$dir/cgroup.controllers" ] || continue
    [ -e "$dir/cgroup.procs" ] || continue
    mkdir -p "$dir$MACHINE_ID"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$dir$MACHINE_ID/$file" ] || [ -e "$dir/cgroup.controllers" ] || cat "$dir$file" > "$dir$MACHINE_ID/$file"
    done
    echo $$ > "$dir$MACHINE_ID/cgroup.procs"
    # In version 2 a group with controllers for its children holds no process of its own.
    [ ! -e "$dir/cgroup.controllers" ] || return 0
  done
}

# The hierarchies from this machine's own group on, so that runtimes leave nothing in those of others.
mount_cgroups() {
  local names dir
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 none "$1"
    mkdir "$1/init"
    xargs -rn1 < "$1/cgroup.procs" > "$1/init/cgroup.procs" || true
    sed 's/ / +/g; s/^/+/' "$1/cgroup.controllers" > "$1/cgroup.subtree_control"
    return
  fi
  mount -t tmpfs none "$1"
  while IFS=: read -r _ names _; do
    [ -n "$names" ] || continue
    dir=$1/${names#name=}
    mkdir "$dir"
    mount -t cgroup -o "$names" none "$dir"
  done < /proc/self/cgroup
}

case $stage in
cgroup)
  join_cgroup
  exec unshare --mount --propagation private --pid --fork --kill-child --ipc --uts --cgroup -- "$0" outer
  ;;

# Process 1: sees the host's files and network.
outer)
  mount -t proc proc /proc
  hostname machine
  mkdir -p "$root" "$MACHINE_WORK"/{layer,docker,containers,registry}
  mount -t tmpfs none "$MACHINE_WORK/layer"
  mkdir "$MACHINE_WORK"/layer/{up,work}
  mount -t overlay overlay -o "lowerdir=$MACHINE_ROOT,upperdir=$MACHINE_WORK/layer/up,workdir=$MACHINE_WORK/layer/work" "$root"
  printf 'nameserver %s.3\n' $net > "$MACHINE_WORK/resolv.conf"
  cp "$MACHINE_WORK/resolv.conf" "$root/etc/resolv.conf"
  printf '127.0.0.1 localhost machine\n' > "$root/etc/hosts"
  # The machine trusts whom the host trusts, a company's proxy say.
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2> /dev/null || true
  [ ! -s /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

  (exec unshare --net --mount -- "$0" inner) &
  inner=$!
  echo $inner > "$MACHINE_WORK/inner"
  until [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$inner/ns/net)" ]; do sleep 0.01; done
  nsenter --net="/proc/$inner/ns/net" chroot "$root" sh -euc '
    ip link set lo up
    ip address add "$0/32" dev lo' "$MACHINE_MIRROR_IP"
  unshare --mount -- bash -euc 'mount --bind "$(realpath /etc/resolv.conf)" "$0/etc/resolv.conf"
    mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; mount -t tmpfs none "$0/tmp"
    exec chroot "$0" slirp4netns --configure --mtu=65520 --disable-host-loopback --cidr="$1.0/24" "$2" tap0' \
    "$MACHINE_TOOLS" $net $inner > "$MACHINE_WORK/network.log" 2>&1 &
  printf '{ "version": "0.1", "http": { "addr": "%s:5000" }, "storage": { "filesystem": { "rootdirectory": "/slipway/registry" }, "maintenance": { "readonly": { "enabled": true } } } }' \
    "$MACHINE_MIRROR_IP" > "$MACHINE_WORK/registry.yml"
  nsenter --net="/proc/$inner/ns/net" unshare --mount -- bash -euc '
    mount -t tmpfs none "$0/slipway"; mkdir "$0/slipway/registry"; cp "$2" "$0/slipway/registry.yml"
    mount --bind -o ro "$1" "$0/slipway/registry"
    exec chroot "$0" docker-registry serve /slipway/registry.yml' \
    "$MACHINE_TOOLS" "$MACHINE_REGISTRY" "$MACHINE_WORK/registry.yml" > "$MACHINE_WORK/registry.log" 2>&1 &
  wait $inner
  ;;

# Sees its own network, then only its own root.
inner)
  until grep -q tap0 /proc/self/net/dev; do sleep 0.02; done
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount_cgroups "$root/sys/fs/cgroup"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs none "$root/run"
  mount -t tmpfs none "$root/tmp"
  IFS=: read -ra shown <<< "$MACHINE_SHOWN"
  for folder in "${shown[@]}"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
  done
  mkdir -p "$root"/var/lib/{docker,containers} "$root/out" "$root/.host"
  for name in docker containers; do mount --bind "$MACHINE_WORK/$name" "$root/var/lib/$name"; done
  mount --bind "$MACHINE_WORK/out" "$root/out"
  cd "$root"
  pivot_root . .host
  exec chroot . sh -euc 'umount -l /.host; touch /out/ready; exec sleep infinity' < /dev/null
  ;;
esac
