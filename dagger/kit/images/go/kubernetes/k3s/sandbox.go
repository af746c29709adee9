package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
)

// What holds the namespaces of a pod. The name is the one that k3s has for it.
const sandboxImage = "docker.io/rancher/mirrored-pause:3.6"

// sandboxArchive is that image, of the one program that is in it, as `docker save` would write it.
func sandboxArchive() ([]byte, error) {
	program, err := os.ReadFile(programs + "/pause")
	if err != nil {
		return nil, err
	}
	layer, err := archive([]string{"pause"}, [][]byte{program})
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/pause"}, "User": "65535:65535"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": "config.json", "RepoTags": []string{sandboxImage}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return nil, err
	}
	return archive([]string{"manifest.json", "config.json", "layer.tar"}, [][]byte{manifest, config, layer})
}

func archive(names []string, contents [][]byte) ([]byte, error) {
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for i, name := range names {
		if err := writer.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(contents[i]))}); err != nil {
			return nil, err
		}
		if _, err := writer.Write(contents[i]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), writer.Close()
}
