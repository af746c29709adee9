// Command database makes Trivy's vulnerability database from a readable list of advisories, as the OCI artifact that
// Trivy downloads:
//
//	database ADVISORIES LAYOUT
//
// The artifact lies in the OCI layout under the name of the database's schema version.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
)

// As long as the public database says of itself.
const lifetime = 24 * time.Hour

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: database ADVISORIES LAYOUT")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatalf("making Trivy's database from %q: %v", os.Args[1], err)
	}
}

func run(list, layout string) error {
	advisories, err := read(list)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "trivy-db-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := store(advisories, folder); err != nil {
		return err
	}
	now := time.Now().UTC()
	about := metadata.Metadata{Version: db.SchemaVersion, UpdatedAt: now, NextUpdate: now.Add(lifetime)}
	if err := metadata.NewClient(folder).Update(about); err != nil {
		return err
	}
	archive, err := pack(db.Path(folder), metadata.Path(folder))
	if err != nil {
		return fmt.Errorf("packing it: %w", err)
	}
	return write(archive, layout, strconv.Itoa(db.SchemaVersion))
}
