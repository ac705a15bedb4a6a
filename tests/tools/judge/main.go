// judge asks an engine's BuildKit for images, without a program per image.
//
// Each line of standard input is a build, `{"folder": "/f", "file": "Dockerfile", "args": {"V": "1"}, "target": ""}`; each line of standard
// output is the answer to it: the image's digest, or `error` and why there is none. DOCKER_HOST names the engine's socket.
//
// There can also be `"contexts": {"NAME": "/folder"}`, `"images": {"NAME": "image"}` (named contexts too), `"secrets": {"ID": "value"}`,
// `"names": ["image"]` (what the engine calls the image afterwards), and `"anew": true`: then every step is run, whatever the engine has built
// before, and the answer is the digest of all files without their times, since those of a step differ each time.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	control "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/identity"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/grpchijack"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

type build struct {
	Folder, File, Target string
	Args                 map[string]string
	Contexts, Images     map[string]string
	Names                []string
	Secrets              map[string]string
	Anew                 bool
}

func main() {
	engine, err := client.New(context.Background(), "", client.WithContextDialer(dial))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var it build
		image := ""
		err := json.Unmarshal(lines.Bytes(), &it)
		if err == nil {
			image, err = judge(engine.ControlClient(), it)
		}
		if err != nil {
			image = "error " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(image)
	}
}

// The engine speaks BuildKit's protocol on the connection of this request, as `docker buildx dial-stdio` uses it.
func dial(_ context.Context, _ string) (net.Conn, error) {
	connection, err := net.Dial("unix", strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://"))
	if err != nil {
		return nil, err
	}
	fmt.Fprint(connection, "POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the engine answers %s", response.Status)
	}
	return &buffered{connection, reader}, err
}

// A connection of which a part was read already.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (it *buffered) Read(to []byte) (int, error) { return it.reader.Read(to) }

// The same questions that `docker buildx build --provenance=false` asks. The name of the session's files is new each time: by an old one
// the engine would find files that it was given before, and take only those that have another size or time.
func judge(engine control.ControlClient, it build) (string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	files, err := session.NewSession(ctx, identity.NewID())
	if err != nil {
		return "", err
	}
	file := filepath.Join(it.Folder, it.File)
	dirs := filesync.StaticDirSource{}
	folders := map[string]string{"context": it.Folder, "dockerfile": filepath.Dir(file)}
	attributes := map[string]string{"filename": path.Base(it.File)}
	for name, folder := range it.Contexts {
		folders["of-"+name] = folder
		attributes["context:"+name] = "local:of-" + name
	}
	for name, image := range it.Images {
		attributes["context:"+name] = "docker-image://" + image
	}
	for name, folder := range folders {
		all, err := fsutil.NewFS(folder)
		if err != nil {
			return "", err
		}
		owned := func(_ string, stat *types.Stat) fsutil.MapResult {
			stat.Uid, stat.Gid = 0, 0
			return fsutil.MapResultKeep
		}
		if dirs[name], err = fsutil.NewFilterFS(all, &fsutil.FilterOpt{Map: owned}); err != nil {
			return "", err
		}
	}
	files.Allow(filesync.NewFSSyncProvider(dirs))
	secrets := map[string][]byte{}
	for id, value := range it.Secrets {
		secrets[id] = []byte(value)
	}
	files.Allow(secretsprovider.FromMap(secrets))
	exporter := &control.Exporter{Type: "moby", Attrs: map[string]string{}}
	if len(it.Names) > 0 {
		exporter.Attrs["name"] = strings.Join(it.Names, ",")
	}
	content := &archive{}
	if it.Anew {
		exporter.Type = "tar"
		attributes["no-cache"] = ""
		target := func(map[string]string) (io.WriteCloser, error) { return content, nil }
		files.Allow(filesync.NewFSSyncTarget(filesync.WithFSSync(0, target)))
	}
	go files.Run(ctx, grpchijack.Dialer(engine))
	defer files.Close()

	if it.Target != "" {
		attributes["target"] = it.Target
	}
	for name, value := range it.Args {
		attributes["build-arg:"+name] = value
	}
	answer, err := engine.Solve(ctx, &control.SolveRequest{
		Ref: identity.NewID(), Session: files.ID(), Frontend: "dockerfile.v0", FrontendAttrs: attributes,
		Exporters: []*control.Exporter{exporter}, ExporterDeprecated: exporter.Type, Cache: &control.CacheOptions{},
	})
	if err != nil {
		return "", err
	}
	if it.Anew {
		return content.digest()
	}
	return answer.ExporterResponse["containerimage.config.digest"], nil
}

// What a build gives, as a tar.
type archive struct{ bytes.Buffer }

func (it *archive) Close() error { return nil }

// The digest of names, kinds, modes, owners, targets and contents.
func (it *archive) digest() (string, error) {
	var lines []string
	for entries := tar.NewReader(it); ; {
		entry, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		content := sha256.New()
		if _, err := io.Copy(content, entries); err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%q %c %o %d %d %q %x\n", entry.Name, entry.Typeflag, entry.Mode, entry.Uid, entry.Gid, entry.Linkname, content.Sum(nil)))
	}
	sort.Strings(lines)
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(strings.Join(lines, "")))), nil
}
