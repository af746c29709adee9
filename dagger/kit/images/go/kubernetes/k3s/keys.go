package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const pki = state + "/server/tls"

// pair is a certificate with its key.
type pair struct {
	certificate, key []byte // PEM
	signer           crypto.Signer
	parsed           *x509.Certificate
}

// keys are those that this cluster is made with, for as long as it lives.
type keys struct {
	authority pair
	admin     pair
}

// makeKeys writes every key and certificate of the parts, and a kubeconfig for each of them.
func makeKeys(nodeName string, node net.IP, names []string) (keys, error) {
	if err := os.MkdirAll(pki, 0o700); err != nil {
		return keys{}, err
	}
	authority, err := issue(nil, subject("kube-ca"), nil)
	if err != nil {
		return keys{}, err
	}
	made := keys{authority: authority}
	if err := made.write("ca", authority); err != nil {
		return keys{}, err
	}
	server := []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost", nodeName}
	server = append(server, "127.0.0.1", apiAddress, node.String())
	for name, of := range map[string]struct {
		subject pkix.Name
		names   []string
	}{
		"apiserver":          {subject("kube-apiserver"), append(server, names...)},
		"apiserver-kubelet":  {subject("kube-apiserver-kubelet-client", "system:masters"), nil},
		"admin":              {subject("system:admin", "system:masters"), nil},
		"controller-manager": {subject("system:kube-controller-manager"), nil},
		"scheduler":          {subject("system:kube-scheduler"), nil},
		"proxy":              {subject("system:kube-proxy"), nil},
		"kubelet":            {subject("system:node:"+nodeName, "system:nodes"), nil},
	} {
		issued, err := issue(&authority, of.subject, of.names)
		if err != nil {
			return keys{}, err
		}
		if name == "admin" {
			made.admin = issued
		}
		if err := made.write(name, issued); err != nil {
			return keys{}, err
		}
	}
	return made, made.writeServiceAccounts()
}

func (k keys) write(name string, p pair) error {
	for file, content := range map[string][]byte{".crt": p.certificate, ".key": p.key, ".conf": k.kubeconfig(p)} {
		if err := os.WriteFile(filepath.Join(pki, name+file), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeServiceAccounts writes the key that tokens of service accounts are signed with, and its public half.
func (k keys) writeServiceAccounts() error {
	accounts, err := issue(nil, subject("service-accounts"), nil)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(accounts.signer.Public())
	if err != nil {
		return err
	}
	if err := os.WriteFile(pki+"/sa.key", accounts.key, 0o600); err != nil {
		return err
	}
	return os.WriteFile(pki+"/sa.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600)
}

func subject(name string, groups ...string) pkix.Name {
	return pkix.Name{CommonName: name, Organization: groups}
}

// issue makes a key and a certificate for it: an authority's without an issuer, a server's with names, else a client's.
func issue(issuer *pair, of pkix.Name, names []string) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: of,
		// A clock that is a little off is no reason to refuse.
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	parent, signer := template, crypto.Signer(key)
	if issuer == nil {
		template.IsCA, template.KeyUsage = true, template.KeyUsage|x509.KeyUsageCertSign
	} else {
		parent, signer = issuer.parsed, issuer.signer
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	for _, name := range names {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return pair{}, fmt.Errorf("the certificate of %q: %w", of.CommonName, err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return pair{}, err
	}
	ec, err := x509.MarshalECPrivateKey(key)
	return pair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ec}),
		signer:      key, parsed: parsed,
	}, err
}

// kubeconfig is one as k3s writes it.
func (k keys) kubeconfig(p pair) []byte {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-certificate-data: %s
    client-key-data: %s
`, encode(k.authority.certificate), apiServer, encode(p.certificate), encode(p.key))
}
