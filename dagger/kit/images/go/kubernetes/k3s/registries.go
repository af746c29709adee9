package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const hosts = state + "/agent/etc/containerd/certs.d"

// registries is the part of k3s's registries.yaml that counts here.
type registries struct {
	Mirrors map[string]struct {
		Endpoint []string `json:"endpoint"`
	} `json:"mirrors"`
}

// writeRegistries tells containerd where to pull from: as the file says, and for the hosts in MIRRORED_REGISTRIES
// first from REGISTRY_MIRROR, which speaks plain HTTP.
func writeRegistries(file string) error {
	var wanted registries
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := yaml.Unmarshal(text, &wanted); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	mirrors := map[string][]string{}
	if mirror := os.Getenv("REGISTRY_MIRROR"); mirror != "" {
		for _, host := range strings.Split(os.Getenv("MIRRORED_REGISTRIES"), ",") {
			mirrors[host] = []string{"http://" + mirror}
		}
	}
	for host, mirror := range wanted.Mirrors {
		mirrors[host] = append(mirror.Endpoint, mirrors[host]...)
	}
	for host, endpoints := range mirrors {
		if err := writeHost(host, endpoints); err != nil {
			return err
		}
	}
	return nil
}

// writeHost names a host's mirrors. containerd goes on to the host itself where none of them has an image.
func writeHost(host string, endpoints []string) error {
	lines := ""
	for _, endpoint := range endpoints {
		lines += fmt.Sprintf("[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", endpoint)
	}
	folder := filepath.Join(hosts, host)
	if host == "*" {
		folder = filepath.Join(hosts, "_default")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "hosts.toml"), []byte(lines), 0o644)
}
