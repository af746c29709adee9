package main

import (
	"fmt"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/aquasecurity/trivy-db/pkg/types"
)

// list is the file that people edit.
type list struct {
	PyPI   []advisory `yaml:"pypi"`
	Debian []advisory `yaml:"debian 12"`
}

type advisory struct {
	ID      string `yaml:"id"`
	Package string `yaml:"package"`
	Title   string `yaml:"title"`
	// As Trivy calls it: LOW, MEDIUM, HIGH or CRITICAL.
	Severity string `yaml:"severity"`
	// Ranges such as ">=2.0.0, <2.0.6". Debian's packages have none: all before the fixed version are.
	Vulnerable []string `yaml:"vulnerable"`
	Fixed      []string `yaml:"fixed"`
	// Why Debian has no fix, in Trivy's words.
	Status string `yaml:"status"`
	// The number that the vendor of the advisory gave it.
	Vendor string `yaml:"vendor"`
	Source string `yaml:"source"`
}

func read(file string) (list, error) {
	var read list
	reader, err := os.Open(file)
	if err != nil {
		return read, err
	}
	defer reader.Close()
	decoder := yaml.NewDecoder(reader)
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		return read, err
	}
	for _, one := range slices.Concat(read.PyPI, read.Debian) {
		if err := one.check(); err != nil {
			return read, fmt.Errorf("%q of %q: %w", one.ID, one.Package, err)
		}
	}
	return read, nil
}

func (a advisory) check() error {
	for name, value := range map[string]string{"id": a.ID, "package": a.Package, "title": a.Title, "source": a.Source} {
		if value == "" {
			return fmt.Errorf("no %s", name)
		}
	}
	if a.Status != "" && types.NewStatus(a.Status) == types.StatusUnknown {
		return fmt.Errorf("unknown status %q", a.Status)
	}
	_, err := types.NewSeverity(a.Severity)
	return err
}
