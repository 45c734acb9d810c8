package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func binary(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func files(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEqualBinariesGiveEqualImages(t *testing.T) {
	var one, two bytes.Buffer
	id1, err1 := Write(&one, Spec{Name: "a:1", Binary: binary(t, "x"), Arch: "amd64"})
	id2, err2 := Write(&two, Spec{Name: "a:1", Binary: binary(t, "x"), Arch: "amd64"})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if id1 != id2 || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("%s and %s", id1, id2)
	}
	id3, err := Write(io.Discard, Spec{Name: "a:1", Binary: binary(t, "y"), Arch: "amd64"})
	if err != nil || id3 == id1 {
		t.Errorf("another binary gave %s, %v", id3, err)
	}
}

func TestTheArchiveNamesItsParts(t *testing.T) {
	name := filepath.Join(t.TempDir(), "image.tar")
	id, err := WriteFile(name, Spec{Name: "a:1", Binary: binary(t, "x"), Labels: map[string]string{"v": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := files(t, archive)
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(got["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	m := manifest[0]
	if m.Config != hexOf(id)+".json" || m.RepoTags[0] != "a:1" {
		t.Errorf("manifest %+v", m)
	}
	if digest(got[m.Config]) != id {
		t.Errorf("the ID %s is not the configuration's", id)
	}
	var config struct {
		Config struct{ Entrypoint []string }
		Rootfs struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(got[m.Config], &config); err != nil {
		t.Fatal(err)
	}
	layer := got[m.Layers[0]]
	if config.Rootfs.DiffIDs[0] != digest(layer) || config.Config.Entrypoint[0] != "/app" {
		t.Errorf("configuration %+v", config)
	}
	if string(files(t, layer)["app"]) != "x" {
		t.Error("the binary is not in the layer")
	}
}

func TestAMissingBinaryLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := WriteFile(filepath.Join(dir, "image.tar"), Spec{Name: "a:1", Binary: "nowhere"}); err == nil {
		t.Fatal("no error")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
