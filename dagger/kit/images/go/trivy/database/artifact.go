package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What Trivy's download wants to see.
const (
	configType = "application/vnd.aquasec.trivy.config.v1+json"
	layerType  = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
	layerName  = "db.tar.gz"
)

// pack gives an archive of these files, by their names alone.
func pack(files ...string) ([]byte, error) {
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	packed := tar.NewWriter(zipped)
	for _, file := range files {
		if err := add(packed, file); err != nil {
			return nil, err
		}
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	err := zipped.Close()
	return archive.Bytes(), err
}

func add(archive *tar.Writer, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: filepath.Base(file), Size: int64(len(content)), Mode: 0o644}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, bytes.NewReader(content))
	return err
}

// write makes an OCI layout with one artifact of this name in it.
func write(archive []byte, folder, name string) error {
	image, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer:       static.NewLayer(archive, layerType),
		Annotations: map[string]string{"org.opencontainers.image.title": layerName},
	})
	if err != nil {
		return err
	}
	image = mutate.ConfigMediaType(image, configType)
	made, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	named := map[string]string{"org.opencontainers.image.ref.name": name}
	return made.AppendImage(image, layout.WithAnnotations(named))
}
