package main

import (
	bolt "go.etcd.io/bbolt"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/ecosystem"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/bucket"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/vulnerability"
)

// The sources that the public database names for these ecosystems.
var (
	github = types.DataSource{
		ID:   vulnerability.GHSA,
		Name: "GitHub Security Advisory pip",
		URL:  "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Apip",
	}
	debian = types.DataSource{
		ID:   vulnerability.Debian,
		Name: "Debian Security Tracker",
		URL:  "https://salsa.debian.org/security-tracker-team/security-tracker",
	}
)

// store writes the database's file into a folder.
func store(advisories list, folder string) error {
	if err := db.Init(folder); err != nil {
		return err
	}
	pip, err := bucket.NewPyPI(github)
	if err != nil {
		return err
	}
	err = db.Config{}.BatchUpdate(func(tx *bolt.Tx) error {
		for _, one := range advisories.PyPI {
			name := vulnerability.NormalizePkgName(ecosystem.Pip, one.Package)
			if err := put(tx, one, pip.Name(), name, vulnerability.GHSA); err != nil {
				return err
			}
		}
		// Debian's severities are the national database's: its own urgencies know no higher one than high.
		release := bucket.NewDebian("12").Name()
		for _, one := range advisories.Debian {
			if err := put(tx, one, release, one.Package, vulnerability.NVD); err != nil {
				return err
			}
		}
		if err := (db.Config{}).PutDataSource(tx, release, debian); err != nil {
			return err
		}
		return db.Config{}.PutDataSource(tx, pip.Name(), github)
	})
	if err != nil {
		return err
	}
	return db.Close()
}

func put(tx *bolt.Tx, one advisory, bucket, name string, rated types.SourceID) error {
	stored := types.Advisory{
		VulnerableVersions: one.Vulnerable,
		PatchedVersions:    one.Fixed,
		Status:             types.NewStatus(one.Status),
	}
	if one.Vendor != "" {
		stored.VendorIDs = []string{one.Vendor}
	}
	if len(one.Vulnerable) == 0 && len(one.Fixed) > 0 {
		stored.FixedVersion, stored.PatchedVersions = one.Fixed[0], nil
	}
	if err := (db.Config{}).PutAdvisory(tx, []string{bucket, name}, one.ID, &stored); err != nil {
		return err
	}
	severity, err := types.NewSeverity(one.Severity)
	if err != nil {
		return err
	}
	return db.Config{}.PutVulnerability(tx, one.ID, types.Vulnerability{
		Title:          one.Title,
		Severity:       one.Severity,
		VendorSeverity: types.VendorSeverity{rated: severity},
		References:     []string{one.Source, "https://nvd.nist.gov/vuln/detail/" + one.ID},
	})
}
