import { randomUUID } from "node:crypto"
import { existsSync, readFileSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { runningEngine } from "../../dagger/kit/engine/engine.js"
import { chooseEngine } from "../../dagger/kit/engine/choice.js"
import { DATABASE } from "../../dagger/kit/images/database.js"
import { HOST_PLATFORM, type Platform } from "../../dagger/kit/debian/rootfs.js"
import { MIRROR_ADDRESS } from "../../dagger/lib/addresses.js"
import { PYTHONS } from "../../dagger/kit/images/pythons.js"
import { RECIPES, type Recipe } from "../../dagger/kit/images/recipes.js"
import { paths } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { call, dagger, engineEnvironment, processes } from "./dagger.js"

// No offline image is built if the official engine pulls the official images.
const { kind } = await chooseEngine()

const REGCTL = "ghcr.io/regclient/regctl:v0.11.7-alpine"
const HELM = "alpine/helm:4.3.2"
const COSIGN = "ghcr.io/sigstore/cosign/cosign:v3.0.6"

const K3S = "rancher/k3s:v1.36.3-k3s1"
const KUBECTL = "registry.k8s.io/kubectl:v1.36.3"

const K6 = "grafana/k6:1.3.0"

const TOFU = "ghcr.io/opentofu/opentofu:1.12.6"

/** Returns a command that prints the providers that `init` installs without a registry. */
const initialises = (tool: string, source: string) => {
  const configuration = JSON.stringify({ terraform: { required_providers: { time: { source } } } })
  return `cd $(mktemp -d); echo '${configuration}' > main.tf.json; ${tool} init -no-color | grep Installed`
}

/** Commands to fetch modules, and those that Slipway's own scripts need. */
const BESIDES = "git --version && ssh -V 2>&1 && timeout 1 true && base64 --version | head -1"

type Promised = [image: string, command: string, printed: RegExp]

/** Installs a compiled wheel and pytest, and runs a test with them. */
const PYTEST = [
  "python -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet --only-binary=:all: markupsafe pytest",
  "echo 'def test(): import markupsafe._speedups' > /tmp/test_a.py",
  "/tmp/venv/bin/pytest -q /tmp/test_a.py | tail -1",
].join(" && ")

/** What services use of Python's images. */
const pythonPromises = (version: string): Promised[] => [
  [`python:${version}-slim`, "python --version; python3 -c 1 && echo", new RegExp(`^Python ${version}`)],
  [`python:${version}-slim`, "pip --version && uv --version", /^pip \d+.* uv \d+/],
  [`python:${version}-slim`, "python -c 'import bz2, ctypes, lzma, sqlite3, ssl; print(1)'", /^1$/],
  [`python:${version}-slim`, "groupadd app && useradd --gid app app && id -gn app", /^app$/],
  [`python:${version}-slim`, PYTEST, /^1 passed/],
]

/** A command for each offline image with a shell, and its expected output. */
const PROMISES: Promised[] = [
  ["debian:bookworm-slim", "bash --version; test ! -e /usr/bin/python3", /^GNU bash/],
  ["debian:bookworm-slim", "adduser --system --group app > /dev/null; id -gn app", /^app$/],
  ["python:3.11-slim", "groupadd app && useradd --gid app app && id -gn app", /^app$/],
  ["python:3.11-slim", "python --version", /^Python 3\.11\./],
  ["python:3.11-slim", "python3 --version", /^Python 3\.11\./],
  ["python:3.11-slim", "pip --version", /^pip \d+.* \(python 3\.11\)$/],
  ["python:3.11-slim", "uv --version", /^uv \d+\./],
  ["python:3.11-slim", "python -m venv /tmp/venv && /tmp/venv/bin/pip --version", /^pip \d+/],
  // The other versions take minutes more, and are made in the same two ways.
  ...["3.13", "3.14"].flatMap(pythonPromises),
  ["alpine/git:v2.49.1", "git --version", /^git version \d+\./],
  ["alpine/git:v2.49.1", "git ls-remote https://localhost:1/", /exit code 128.*Failed to connect/],
  ["postgres:15", "postgres --version", /^postgres \(PostgreSQL\) 15\./],
  ["postgres:15", "psql --version", /^psql \(PostgreSQL\) 15\./],
  ["postgres:15", "pg_isready --version; pg_dump --version", /^pg_isready .* 15\.\S+ .*pg_dump .* 15\./],
  ["postgres:15", "docker-entrypoint.sh postgres", /exit code 1 .*POSTGRES_PASSWORD/],
  ["postgres:15", "docker-entrypoint.sh --version", /^postgres \(PostgreSQL\) 15\./],
  ["redis:7", "redis-cli --version", /^redis-cli 7\./],
  ["redis:7", "docker-entrypoint.sh --version", /^Redis server v=7\./],
  ["aquasec/trivy:0.70.0", "trivy --version", /^Version: 0\.70\.0$/],
  [REGCTL, "regctl version --format '{{.VCSTag}}'", /^v0\.11\.7$/],
  [REGCTL, "id -un; regctl registry set --skip-check a:1 && ls ~/.regctl", /^appuser config\.json$/],
  [HELM, "helm version --template '{{.Version}}'", /^v4\.3\.2$/],
  ["registry:3", "registry --version", /^registry \S+\/distribution\/v3 3\.0\.0$/],
  ["registry:3", "/entrypoint.sh --version; /entrypoint.sh sh -c 'echo $0'", / 3\.0\.0 \/bin\/sh$/],
  ["ghcr.io/sigstore/fulcio:v1.8.5", "/ko-app/fulcio version 2>&1", /GitVersion: v1\.8\.5/],
  [
    "ghcr.io/sigstore/rekor-tiles/posix:v2.2.1",
    "rekor-server version 2>&1; id -u",
    /GitVersion: v2\.2\.1.* 65532$/,
  ],
  [
    "ghcr.io/sigstore/timestamp-server:v2.0.5",
    "/ko-app/timestamp-server version 2>&1",
    /GitVersion: v2\.0\.5/,
  ],
  [TOFU, "tofu version", /^OpenTofu v1\.12\.6 on linux_/],
  [TOFU, initialises("tofu", "hashicorp/time"), /Installed hashicorp\/time v0\.13\.1/],
  [TOFU, initialises("tofu", "registry.terraform.io/hashicorp/time"), /Installed \S+\/time v0\.13\.1/],
  [TOFU, BESIDES, /^git version \S+ OpenSSH_.* base64 /],
  ["hashicorp/terraform:1.5.7", "terraform version", /^Terraform v1\.5\.7 on linux_/],
  [
    "hashicorp/terraform:1.5.7",
    initialises("/bin/terraform", "hashicorp/time"),
    /Installed hashicorp\/time v0\.13\.1/,
  ],
  [
    "hashicorp/terraform:1.5.7",
    initialises("terraform", "registry.opentofu.org/hashicorp/time"),
    /Installed \S+\/time v0\.13\.1/,
  ],
  ["hashicorp/terraform:1.5.7", BESIDES, /^git version \S+ OpenSSH_.* base64 /],
  [K6, "k6 version; id -un; pwd", /^k6 stand-in: .* and is not k6 .* k6 \/home\/k6$/],
  [K6, "echo a b | awk '{ print $2 }'; timeout 1 date +%s > /dev/null && echo $?", /^b 0$/],
  [K3S, "k3s --version", /^k3s version v1\.36\.3\+k3s1/],
  [K3S, "kubectl version --client; k3s kubectl options | head -1", /^Client Version: v1\.36\.3 .*options/],
  ["zaproxy/zap-stable:2.17.0", "zap.sh -version | tail -1; id -un; pwd", /^2\.17\.0 zap \/zap$/],
  ["prom/prometheus:v3.16.0", "/bin/promtool --version; id -un", /^promtool, version 3\.16\.0 .* nobody$/],
]
const WITH_SHELL = [...new Set(PROMISES.map(([image]) => image))]
const IMAGES = [...WITH_SHELL, COSIGN, KUBECTL]

const nameOf = ({ name, tags }: Recipe) => `${name.replace("library/", "")}:${tags[0] ?? ""}`
const recipe = (image: string) =>
  [...RECIPES, ...PYTHONS].find((each) => nameOf(each) === image.replace(/^(ghcr|registry\.k8s)\.io\//, ""))

/** Sends a request to the mirror from the engine's network namespace. */
async function mirror(path: string, ...options: string[]): Promise<{ stdout: string }> {
  const [registry = 0] = await processes(runningEngine()?.pid ?? 0, "docker-registry")
  const url = `http://${MIRROR_ADDRESS}/v2/${path}`
  return run`nsenter --net=/proc/${registry}/ns/net curl --silent ${options} ${url}`
}

/** Runs a script of Dagger's shell, and returns its output. */
async function shell(script: string): Promise<string> {
  const { stdout, stderr } = await dagger(["-M", "-c", script])
  return stdout || stderr
}

describe.skipIf(kind !== "kit")("offline images", () => {
  beforeAll(engineEnvironment)

  it("are all covered by these tests", () => {
    expect(RECIPES.filter((each) => !IMAGES.map(recipe).includes(each))).toEqual([])
  })

  describe.each<Platform>(["linux/amd64", "linux/arm64"])("on %s", (platform) => {
    // Emulation takes minutes for each further version of Python.
    const isTried = (image: string) => platform === "linux/amd64" || !/^python:3\.1[34]/.test(image)
    it.each(WITH_SHELL.filter((image) => isTried(image) && recipe(image)?.platforms.includes(platform)))(
      "%s has its commands",
      async (image) => {
        // Creating a virtual environment takes half a minute under emulation.
        const slow = (command: string) => platform !== "linux/amd64" && command.includes("venv")
        const promises = PROMISES.filter(([name, command]) => name === image && !slow(command))
        const script = promises
          .map(([, command]) => `out=$( (${command}) 2>&1 ) || out="exit code $? $out"; echo $out`)
          .join("; ")
        const args = [`--image=${image}`, `--command=sh,-c,"${script.replaceAll('"', '""')}"`]
        const { stdout } = await call("says", ...args, `--platform=${platform}`)
        const lines = stdout.trim().split("\n")
        promises.forEach(([, , printed], i) => expect(lines[i]).toMatch(printed))
      },
    )
  })

  it.each(IMAGES)("%s is labelled as an offline image", async (image) => {
    const script = `container | from ${image} | label dev.slipway.stand-in`
    expect((await dagger(["-M", "-c", script])).stdout).toBe("true")
  })

  it("with an unknown tag are refused, and the known tags are listed", async () => {
    const { exitCode, stderr } = await call(
      "says",
      "--image=python:9.99",
      "--command=true",
      "--platform=linux/amd64",
    )
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain("docker.io/library/python:9.99: not found")
    const tags = [...RECIPES, ...PYTHONS].flatMap(({ name, tags }) => (name === "library/python" ? tags : []))
    const known = `no offline image "library/python:9.99", only the tags ${tags.join(", ")}`
    expect(readFileSync(join(paths.logs, "mirror.log"), "utf8")).toContain(known)

    const { stdout } = await mirror("library/python/manifests/9.99")
    expect(JSON.parse(stdout)).toEqual({ errors: [{ code: "MANIFEST_UNKNOWN", message: known }] })
  })

  it.each([
    ["by name", []],
    ["in absolute form", ["--request-target", "http://x/v2/library/python/manifests/3.11-slim"]],
    ["with an encoded slash", ["--request-target", "/v2/library%2Fpython/manifests/3.11-slim"]],
    ["under a name without an offline image", ["--request-target", "/v2/library/alpine/manifests/3.20"]],
    ["as an upload", ["--request-target", "/v2/library/python/blobs/uploads/"]],
  ])("can't be overwritten by a push %s", async (_, options) => {
    const put = ["--request", "PUT", "--data", "{}", ...options]
    const { stdout } = await mirror("library/python/manifests/3.11-slim", ...put)
    expect(stdout).toContain('"code":"DENIED"')
  })

  it("stay what they are when a release to the registry behind the mirror takes their name", async () => {
    const digest = async () => {
      const accept = "accept: application/vnd.oci.image.index.v1+json"
      const { stdout } = await mirror("library/redis/manifests/7", "--head", "--header", accept)
      return /^docker-content-digest: (\S+)/im.exec(stdout)?.[1]
    }
    const before = (await digest()) ?? ""
    const published = await shell(
      "container | from debian:bookworm-slim | with-new-file /forged x | publish 127.0.0.1:5001/library/redis:7",
    )
    expect(published).toContain("127.0.0.1:5001/library/redis:7@sha256:")
    expect(before).toMatch(/^sha256:/)
    expect(published).not.toContain(before)
    expect(await digest()).toBe(before)
    expect(await shell("container | from redis:7 | rootfs | exists forged")).toBe("false")
  })

  it("are kept for the next engine", () => {
    for (const { name, tags } of RECIPES)
      expect(
        existsSync(join(paths.registry, "offline-images", name.replaceAll("/", "_"), tags[0] ?? "")),
      ).toBe(true)
  })
})

describe.skipIf(kind !== "kit")("the offline image of PostgreSQL", () => {
  beforeAll(engineEnvironment)

  it("reads its settings and init scripts, and requires the password from other hosts", async () => {
    const query = "SELECT current_database(), current_user, sum(n), current_setting('max_connections') FROM t"
    const printed = await shell(`
      db=$(container | from postgres:15 | with-env-variable POSTGRES_PASSWORD secret |
        with-env-variable POSTGRES_USER me | with-env-variable POSTGRES_DB app |
        with-new-file /docker-entrypoint-initdb.d/1.sql "CREATE TABLE t AS VALUES (40), (1)" |
        with-new-file /docker-entrypoint-initdb.d/2.sh "psql -U \\$POSTGRES_USER \\$POSTGRES_DB -c 'ALTER TABLE t RENAME column1 TO n; INSERT INTO t VALUES (1)'" |
        with-exposed-port 5432 | as-service --use-entrypoint --args postgres,-c,max_connections=33)
      container | from postgres:15 | with-service-binding db $db | with-env-variable PGPASSWORD secret |
        with-new-file /query.sql "${query}" |
        with-exec -- sh -c "psql -h db -U me -d app -At -f /query.sql; PGPASSWORD=wrong psql -h db -U me -d app -c '' 2>&1 || true" | stdout`)
    expect(printed).toMatch(/^app\|me\|42\|33\n.*password authentication failed for user "me"/)
  })

  it("stops at once even while a client runs a query", async () => {
    const script = `export POSTGRES_HOST_AUTH_METHOD=trust
      docker-entrypoint.sh postgres > /log 2>&1 & server=$!
      until psql -h 127.0.0.1 -U postgres -c "" 2> /dev/null; do sleep 0.05; done
      psql -h 127.0.0.1 -U postgres -c "SELECT pg_sleep(60)" > /dev/null 2>&1 &
      sleep 0.3; begun=$(date +%s); kill -TERM $server; wait $server
      echo "exit code $? after $(($(date +%s) - begun)) s"; grep -c "database system is shut down" /log`
    const args = ["--image=postgres:15", `--command=bash,-c,"${script.replaceAll('"', '""')}"`]
    const { stdout } = await call("says", ...args, `--platform=${HOST_PLATFORM}`)
    expect(stdout).toMatch(/^exit code 0 after [01] s\n1\n$/)
  })
})

describe.skipIf(kind !== "kit")("the offline image of k6", () => {
  it("follows k6's documentation of scripts, options, metrics and exit codes", async () => {
    const go = run({ cwd: join(import.meta.dirname, "../../dagger/kit/images/go/k6") })
    await go`go vet ./...`
    await go`go test ./...`
  })
})

describe.skipIf(kind !== "kit")("the offline image of Redis", () => {
  beforeAll(engineEnvironment)

  it("answers other hosts, and accepts flags as its only arguments", async () => {
    const printed = await shell(`
      redis=$(container | from redis:7 | with-exposed-port 6379 | as-service --use-entrypoint --args "--appendonly,yes")
      container | from redis:7 | with-service-binding redis $redis |
        with-exec -- sh -c "redis-cli -h redis ping; redis-cli -h redis config get appendonly" | stdout`)
    expect(printed).toBe("PONG\nappendonly\nyes\n")
  })
})

describe.skipIf(kind !== "kit")("the offline image of Trivy", () => {
  beforeAll(engineEnvironment)

  it("downloads its database from the default location, and reports the vulnerabilities in it", async () => {
    // Dagger doesn't know when the database changes: each run asks again.
    const printed =
      await shell(`container | from aquasec/trivy:0.70.0 | with-env-variable RUN ${randomUUID()} |
      with-new-file /src/requirements.txt "PyYAML==5.3\necdsa==0.19.0\nDjango==4.2\nurllib3==2.0.5" |
      with-exec --use-entrypoint -- fs --scanners=vuln --format=json /src | stdout`)
    const report = JSON.parse(printed) as { Results: { Vulnerabilities: Record<string, string>[] }[] }
    const found = report.Results.flatMap(({ Vulnerabilities }) => Vulnerabilities).map(
      (found) =>
        `${found["VulnerabilityID"]} ${found["Severity"]} ${found["Status"]} ${found["FixedVersion"]}`,
    )
    expect(found.sort()).toEqual([
      "CVE-2020-14343 CRITICAL fixed 5.4",
      "CVE-2020-1747 CRITICAL fixed 5.3.1",
      "CVE-2023-43804 MEDIUM fixed 2.0.6, 1.26.17",
      "CVE-2024-23342 HIGH affected undefined",
    ])
  })

  it("downloads a database of the current day", async () => {
    const { name, tags } = DATABASE
    const record = join(paths.registry, "offline-images", name.replaceAll("/", "_"), tags[0] ?? "")
    const accept = "accept: application/vnd.oci.image.manifest.v1+json"
    const manifest = async () => (await mirror(`${name}/manifests/${tags[0]}`, "--header", accept)).stdout
    const first = await manifest()
    expect(await manifest()).toBe(first)
    const yesterday = Date.now() / 1000 - 25 * 3600
    utimesSync(record, yesterday, yesterday)
    expect(await manifest()).not.toBe(first)
  })
})

describe.skipIf(kind !== "kit")("the offline image of cosign", () => {
  beforeAll(engineEnvironment)

  it("has cosign at ko's path, to run or to copy, and has no shell", async () => {
    const printed = await shell(`
      cosign=$(container | from ${COSIGN})
      $cosign | with-exec --use-entrypoint -- version --json | stdout
      container | from ${REGCTL} | with-file /usr/local/bin/cosign $($cosign | file /ko-app/cosign) |
        with-exec -- cosign version --json | stdout
      $cosign | rootfs | glob "bin/*sh"
      $cosign | user`)
    expect(printed.match(/"gitVersion": "[^"]*"/g)).toEqual(Array(2).fill('"gitVersion": "v3.0.6"'))
    expect(printed).toMatch(/\}\s*65532$/)
  })
})

describe.skipIf(kind !== "kit")("the offline image of the registry", () => {
  beforeAll(engineEnvironment)

  // One registry is open; the other is configured by its environment to require a password and TLS.
  const use = `
    regctl registry set open:5000 --tls disabled
    regctl registry set closed:5000 --skip-check --cacert "$(cat /tmp/certificate)"
    echo tested | regctl artifact put --artifact-type application/x.test open:5000/app/api:1
    regctl tag ls open:5000/app/api && regctl artifact get open:5000/app/api:1
    regctl manifest delete open:5000/app/api@$(regctl image digest open:5000/app/api:1) && regctl tag ls open:5000/app/api
    regctl repo ls closed:5000
    echo secret | regctl registry login --user me --pass-stdin closed:5000 2> /dev/null
    echo kept | regctl artifact put --artifact-type application/x.test closed:5000/app/api:1 && regctl repo ls closed:5000`
  const [user, password] = ["me", "$2b$04$1FziRUJvDKZH7dTuAN1FROFoXEcUryDBmD3dFbRo3baxZfKd/.Aci"]
  const environment = {
    REGISTRY_AUTH: "htpasswd",
    REGISTRY_AUTH_HTPASSWD_REALM: "realm",
    REGISTRY_AUTH_HTPASSWD_PATH: "/users",
    REGISTRY_HTTP_TLS_CERTIFICATE: "/tls/certificate",
    REGISTRY_HTTP_TLS_KEY: "/tls/key",
  }
  const set = Object.entries(environment).map(([name, value]) => `with-env-variable ${name} ${value}`)
  const selfSigned =
    "-x509 -nodes -days 3650 -newkey rsa:2048 -subj /CN=closed -addext subjectAltName=DNS:closed"

  it("stores, serves and deletes artifacts, and reads users and certificates from its environment", async () => {
    const printed = await shell(`
      registry=$(container | from registry:3 | with-exposed-port 5000)
      tls=$($registry | with-workdir /tls | with-exec -- openssl req ${selfSigned} -keyout key -out certificate | directory .)
      open=$($registry | as-service --use-entrypoint)
      closed=$($registry | with-directory /tls $tls | with-new-file /users '${user}:${password}' |
        ${set.join(" | ")} | as-service --use-entrypoint)
      container | from ${REGCTL} | with-env-variable RUN ${randomUUID()} |
        with-file /tmp/certificate $($tls | file certificate) |
        with-service-binding open $open | with-service-binding closed $closed |
        with-exec -- sh -c '${use}' | combined-output`)
    expect(printed.trim().split("\n")).toEqual([
      "1",
      "tested",
      "failed to list repositories for closed:5000: no credentials available: unauthorized",
      "app/api",
    ])
  })
})
