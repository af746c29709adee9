package main

import (
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const (
	podAddresses     = "10.42.0.0/16"
	serviceAddresses = "10.43.0.0/16"
	apiAddress       = "10.43.0.1"
	dnsAddress       = "10.43.0.10"
	domain           = "cluster.local"

	containerdSocket = "/run/k3s/containerd/containerd.sock"
	settings         = state + "/agent/etc"
)

//go:embed containerd.toml
var containerdSettings string

//go:embed kubelet.yaml
var kubeletSettings string

//go:embed Corefile
var corednsSettings string

//go:embed cni.conflist
var networkSettings string

// writeSettings writes the files that the parts read.
func writeSettings(node net.IP) error {
	for path, text := range map[string]string{
		"containerd/config.toml":     fmt.Sprintf(containerdSettings, state, sandboxImage),
		"kubelet.yaml":               fmt.Sprintf(kubeletSettings, pki, dnsAddress),
		"Corefile":                   fmt.Sprintf(corednsSettings, node, pki),
		"cni/net.d/10-pods.conflist": fmt.Sprintf(networkSettings, podAddresses),
	} {
		file := filepath.Join(settings, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Dir(containerdSocket), 0o755)
}

// component is the command of a part that kubebox holds.
func component(name string, flags ...string) []string {
	return append([]string{programs + "/kubebox", name}, flags...)
}

func containerd() []string {
	return []string{programs + "/containerd", "--config", settings + "/containerd/config.toml"}
}

func coredns() []string {
	return []string{programs + "/coredns", "-conf", settings + "/Corefile"}
}

// etcd doesn't wait for a disk: nothing of it outlives the container.
func etcd() []string {
	return component("etcd", "--data-dir", state+"/server/db", "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-peer-urls", "http://127.0.0.1:2380", "--listen-client-urls", "http://127.0.0.1:2379",
		"--advertise-client-urls", "http://127.0.0.1:2379")
}

func apiserver(node net.IP) []string {
	return component("kube-apiserver", "--etcd-servers", "http://127.0.0.1:2379",
		"--secure-port", "6443", "--advertise-address", node.String(),
		"--client-ca-file", pki+"/ca.crt", "--tls-cert-file", pki+"/apiserver.crt", "--tls-private-key-file", pki+"/apiserver.key",
		"--kubelet-client-certificate", pki+"/apiserver-kubelet.crt", "--kubelet-client-key", pki+"/apiserver-kubelet.key",
		"--kubelet-preferred-address-types", "InternalIP",
		"--service-account-issuer", "https://kubernetes.default.svc."+domain,
		"--service-account-key-file", pki+"/sa.pub", "--service-account-signing-key-file", pki+"/sa.key",
		"--service-cluster-ip-range", serviceAddresses,
		"--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--allow-privileged")
}

func controllers() []string {
	return component("kube-controller-manager", "--kubeconfig", pki+"/controller-manager.conf",
		"--leader-elect=false", "--kube-api-qps", "200", "--kube-api-burst", "400",
		"--use-service-account-credentials", "--service-account-private-key-file", pki+"/sa.key", "--root-ca-file", pki+"/ca.crt",
		"--cluster-signing-cert-file", pki+"/ca.crt", "--cluster-signing-key-file", pki+"/ca.key")
}

func scheduler() []string {
	return component("kube-scheduler", "--kubeconfig", pki+"/scheduler.conf", "--leader-elect=false")
}

func nodeAgent(name string, node net.IP) []string {
	return component("kubelet", "--config", settings+"/kubelet.yaml", "--kubeconfig", pki+"/kubelet.conf",
		"--root-dir", kubelet, "--hostname-override", name, "--node-ip", node.String())
}

// serviceProxy leaves the kernel's limits of connections alone, which aren't the container's to change.
func serviceProxy(nodeName string) []string {
	return component("kube-proxy", "--kubeconfig", pki+"/proxy.conf", "--hostname-override", nodeName,
		"--proxy-mode", "iptables", "--cluster-cidr", podAddresses, "--conntrack-max-per-core", "0",
		"--conntrack-tcp-timeout-established", "0", "--conntrack-tcp-timeout-close-wait", "0")
}
