package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	state   = "/var/lib/rancher/k3s"
	kubelet = "/var/lib/kubelet"
	logs    = "/var/log/k3s"
	cgroups = "/sys/fs/cgroup"

	overlayMagic = 0x794c7630
	separated    = "K3S_STAND_IN_SEPARATED"
)

// separate gives this process mounts of its own, and with cgroup v1 a view whose root is the container's own group. A
// thread can leave its namespaces alone; the process that it then becomes is wholly in the new ones.
func separate() error {
	if os.Getenv(separated) != "" {
		return nil
	}
	runtime.LockOSThread()
	flags := syscall.CLONE_NEWNS
	if !cgroup2() {
		flags |= syscall.CLONE_NEWCGROUP
	}
	if err := syscall.Unshare(flags); err != nil {
		return fmt.Errorf("leaving the container's namespaces, which takes a privileged container: %w", err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), separated+"=1"))
}

func cgroup2() bool {
	_, err := os.Stat(cgroups + "/cgroup.controllers")
	return err == nil
}

// furnish makes the mounts and folders that the parts expect. Nothing of an earlier start is kept.
func furnish() error {
	// Kubelet passes mounts on to the containers of pods.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing mounts: %w", err)
	}
	for _, folder := range []string{state, kubelet} {
		if err := offOverlay(folder); err != nil {
			return err
		}
	}
	for _, folder := range []string{state, logs} {
		if err := empty(folder); err != nil {
			return err
		}
	}
	if !cgroup2() {
		if err := remountCgroups(); err != nil {
			return err
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// offOverlay lays memory over a folder on an overlay, upon which containerd could mount no other.
func offOverlay(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil || found.Type != overlayMagic {
		return err
	}
	return syscall.Mount("none", folder, "tmpfs", 0, "mode=755")
}

func empty(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(folder, 0o755)
	}
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(folder, entry.Name())))
	}
	return err
}

// remountCgroups shows every hierarchy of cgroup v1 with this container's own group as its root.
func remountCgroups() error {
	table, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	for syscall.Unmount(cgroups, syscall.MNT_DETACH) == nil {
	}
	if err := syscall.Mount("none", cgroups, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting %s: %w", cgroups, err)
	}
	for _, line := range strings.Fields(string(table)) {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) < 3 || fields[1] == "" {
			continue
		}
		name, named := strings.CutPrefix(fields[1], "name=")
		options := fields[1]
		if named {
			options = "none," + fields[1]
		}
		folder := filepath.Join(cgroups, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount("cgroup", folder, "cgroup", 0, options); err != nil {
			return fmt.Errorf("mounting the cgroups of %q: %w", fields[1], err)
		}
	}
	return nil
}

// address is this container's own.
func address() (net.IP, error) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, each := range found {
		if network, ok := each.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP.To4(), nil
		}
	}
	return nil, errors.New("the container has no IPv4 address for the node to have")
}
