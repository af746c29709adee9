// Command k3s stands in for the one of k3s: it makes a Kubernetes cluster of this one container, of the programs that
// lie beside it in its image. It takes the commands and flags of k3s that Slipway uses, and keeps files where k3s does.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	version    = "v1.36.3+k3s1"
	programs   = "/usr/local/lib/k3s"
	kubeconfig = "/etc/rancher/k3s/k3s.yaml"
)

func main() {
	args := os.Args[1:]
	if filepath.Base(os.Args[0]) == "kubectl" {
		args = append([]string{"kubectl"}, args...)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	switch args[0] {
	case "kubectl":
		exitOn(kubectl(args[1:]))
	case "server":
		exitOn(separate())
		exitOn(serve(parseOptions(args[1:])))
	case "--version", "-v":
		fmt.Println("k3s version " + version + " (stand-in)")
	default:
		fmt.Fprintln(os.Stderr, "k3s server [flags] | k3s kubectl … | k3s --version")
		os.Exit(2)
	}
}

// kubectl becomes kubectl, by default with this cluster.
func kubectl(args []string) error {
	env := os.Environ()
	if os.Getenv("KUBECONFIG") == "" {
		env = append(env, "KUBECONFIG="+kubeconfig)
	}
	return syscall.Exec(filepath.Join(programs, "kubebox"), append([]string{"kubectl"}, args...), env)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "k3s:", err)
		os.Exit(1)
	}
}
