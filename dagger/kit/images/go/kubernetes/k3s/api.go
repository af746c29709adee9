package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

const apiServer = "https://127.0.0.1:6443"

type object = map[string]any

// client speaks to the API server as its administrator.
type client struct{ http http.Client }

func newClient(k keys) (*client, error) {
	certificate, err := tls.X509KeyPair(k.admin.certificate, k.admin.key)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(k.authority.certificate)
	trust := &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{certificate}}
	return &client{http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: trust}}}, nil
}

// do asks, and fails for what isn't among the statuses.
func (c *client) do(method, path string, body any, found any, statuses ...int) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, apiServer+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !slices.Contains(statuses, response.StatusCode) {
		return fmt.Errorf("%s: %s", response.Status, answer)
	}
	if found == nil {
		return nil
	}
	return json.Unmarshal(answer, found)
}

func (c *client) ready() error {
	return c.do("GET", "/readyz", nil, nil, http.StatusOK)
}

func (c *client) nodeReady(name string) error {
	var node struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := c.do("GET", "/api/v1/nodes/"+name, nil, &node, http.StatusOK); err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" && condition.Status == "True" {
			return nil
		}
		if condition.Type == "Ready" {
			return fmt.Errorf("it is not: %s", condition.Message)
		}
	}
	return fmt.Errorf("node %q says nothing of itself yet", name)
}

// createDNS gives the cluster's DNS server, which is no pod here, the Service that it has everywhere.
func (c *client) createDNS(node net.IP) error {
	ports := []object{
		{"name": "dns", "protocol": "UDP", "port": 53},
		{"name": "dns-tcp", "protocol": "TCP", "port": 53},
	}
	labels := object{"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS", "kubernetes.io/service-name": "kube-dns"}
	metadata := object{"name": "kube-dns", "namespace": "kube-system", "labels": labels}
	for path, body := range map[string]object{
		"/api/v1/namespaces/kube-system/services": {
			"apiVersion": "v1", "kind": "Service", "metadata": metadata,
			"spec": object{"clusterIP": dnsAddress, "ports": ports},
		},
		"/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices": {
			"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata,
			"addressType": "IPv4", "ports": ports,
			"endpoints": []object{{"addresses": []string{node.String()}, "conditions": object{"ready": true}}},
		},
	} {
		if err := c.do("POST", path, body, nil, http.StatusCreated, http.StatusConflict); err != nil {
			return err
		}
	}
	return nil
}
