package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cluster is what runs in this container.
type cluster struct {
	options
	node  net.IP
	keys  keys
	begun time.Time
	ended chan string // the name of a part that did
	ready bool
}

// serve brings the cluster up and stays until it is told to end, or one of its parts has ended.
func serve(o options) error {
	c := &cluster{options: o, begun: time.Now(), ended: make(chan string, 16)}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	up := make(chan error, 1)
	go func() { up <- c.start() }()
	for {
		select {
		// What runs below is the kernel's to end, with the container.
		case <-told:
			return nil
		case name := <-c.ended:
			// An API server that dies is started again, as by any machine's service manager: all else waits for it.
			if name == "kube-apiserver" && c.ready {
				c.say("%s ended, and is started again", name)
				if err := c.run(name, apiserver(c.node)); err != nil {
					return err
				}
				continue
			}
			return fmt.Errorf("%s ended:\n%s", name, logTail(name))
		case err := <-up:
			if err != nil {
				return err
			}
			c.ready = true
		}
	}
}

func (c *cluster) start() error {
	if err := c.prepare(); err != nil {
		return err
	}
	if err := c.run("containerd", containerd()); err != nil {
		return err
	}
	if err := c.run("etcd", etcd()); err != nil {
		return err
	}
	if err := c.run("kube-apiserver", apiserver(c.node)); err != nil {
		return err
	}
	if err := c.importSandbox(); err != nil {
		return err
	}
	c.say("containerd is up")
	client, err := newClient(c.keys)
	if err != nil {
		return err
	}
	if err := await(120, "the API server to be ready", client.ready); err != nil {
		return err
	}
	if err := c.writeKubeconfig(); err != nil {
		return err
	}
	c.say("API server ready; kubeconfig in %s", c.kubeconfig)
	return c.startNode(client)
}

func (c *cluster) startNode(client *client) error {
	for name, command := range map[string][]string{
		"kube-controller-manager": controllers(),
		"kube-scheduler":          scheduler(),
		"kubelet":                 nodeAgent(c.nodeName, c.node),
	} {
		if err := c.run(name, command); err != nil {
			return err
		}
	}
	if !slices.Contains(c.disabled, "coredns") {
		if err := c.run("coredns", coredns()); err != nil {
			return err
		}
		if err := await(30, "the cluster's DNS to be written", func() error { return client.createDNS(c.node) }); err != nil {
			return err
		}
	}
	if err := await(120, "the node to be Ready", func() error { return client.nodeReady(c.nodeName) }); err != nil {
		return err
	}
	// Before the node is there it would wait for it, for longer each time.
	if err := c.run("kube-proxy", serviceProxy(c.nodeName)); err != nil {
		return err
	}
	c.say("node %s Ready", c.nodeName)
	return nil
}

func (c *cluster) prepare() (err error) {
	if c.node, err = address(); err != nil {
		return err
	}
	if err := furnish(); err != nil {
		return err
	}
	if c.keys, err = makeKeys(c.nodeName, c.node, c.names); err != nil {
		return err
	}
	if err := writeRegistries(c.registries); err != nil {
		return err
	}
	if err := writeSettings(c.node); err != nil {
		return err
	}
	c.say("keys made; the node's address is %s", c.node)
	return nil
}

func (c *cluster) writeKubeconfig() error {
	if err := os.MkdirAll(filepath.Dir(c.kubeconfig), 0o755); err != nil {
		return err
	}
	// Whoever reads it sees all of it or nothing.
	partial := c.kubeconfig + ".partial"
	if err := os.WriteFile(partial, c.keys.kubeconfig(c.keys.admin), c.kubeconfigMode); err != nil {
		return err
	}
	return os.Rename(partial, c.kubeconfig)
}

func (c *cluster) importSandbox() error {
	archive, err := sandboxArchive()
	if err != nil {
		return err
	}
	return await(60, "containerd to take an image", func() error {
		command := exec.Command(programs+"/ctr", "--address", containerdSocket, "--namespace", "k8s.io", "images", "import", "-")
		command.Stdin = bytes.NewReader(archive)
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		return nil
	})
}

// run starts a part, whose output goes to its log.
func (c *cluster) run(name string, line []string) error {
	log, err := os.Create(filepath.Join(logs, name+".log"))
	if err != nil {
		return err
	}
	command := exec.Command(line[0], line[1:]...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	if err := command.Start(); err != nil {
		return err
	}
	go func() {
		_ = command.Wait()
		c.ended <- name
	}()
	return nil
}

func (c *cluster) say(format string, values ...any) {
	fmt.Printf("%5.1f s  %s\n", time.Since(c.begun).Seconds(), fmt.Sprintf(format, values...))
}

// await tries until it succeeds or the time is over.
func await(seconds int, what string, try func() error) error {
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %d s for %s: %w", seconds, what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func logTail(name string) string {
	text, _ := os.ReadFile(filepath.Join(logs, name+".log"))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
