package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// options are the flags of `k3s server` that mean something here.
type options struct {
	nodeName       string
	names          []string // more names by which clients reach the API server
	disabled       []string
	kubeconfig     string
	kubeconfigMode os.FileMode
	registries     string
}

// Flags without a value, which a word after them isn't.
var switches = []string{"--disable-cloud-controller", "--disable-helm-controller", "--disable-network-policy", "--debug"}

// parseOptions ignores what it doesn't know, and says so: a command line for k3s is to work here too.
func parseOptions(args []string) options {
	host, _ := os.Hostname()
	o := options{nodeName: host, kubeconfig: kubeconfig, kubeconfigMode: 0o600, registries: "/etc/rancher/k3s/registries.yaml"}
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		if !joined && !slices.Contains(switches, name) && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			value, args = args[0], args[1:]
		}
		if !o.set(name, value) {
			fmt.Fprintf(os.Stderr, "k3s: the stand-in ignores %s %s\n", name, value)
		}
	}
	return o
}

func (o *options) set(name, value string) bool {
	switch name {
	case "--node-name":
		o.nodeName = value
	case "--tls-san":
		o.names = append(o.names, strings.Split(value, ",")...)
	case "--disable":
		o.disabled = append(o.disabled, strings.Split(value, ",")...)
	case "--write-kubeconfig", "-o":
		o.kubeconfig = value
	case "--write-kubeconfig-mode":
		mode, err := strconv.ParseUint(value, 8, 32)
		o.kubeconfigMode = os.FileMode(mode)
		return err == nil
	case "--private-registry":
		o.registries = value
	default:
		// What is true of the stand-in anyway.
		return slices.Contains(switches, name) || name+"="+value == "--egress-selector-mode=disabled"
	}
	return true
}
