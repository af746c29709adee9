/** Folders in a service's root of which nothing is run, unless they are packages. */
const APART = [
  "ansible",
  "benchmarks",
  "charts",
  "deploy",
  "deployment",
  "deployments",
  "doc",
  "docker",
  "docs",
  "examples",
  "helm",
  "infra",
  "infrastructure",
  "k6",
  "k8s",
  "kubernetes",
  "kustomize",
  "notebooks",
  "requirements",
  "terraform",
  "test",
]

/** Never run. A file with a dot in front may well hold a password. */
const NEVER_RUN = [
  "**/.*",
  "**/__pycache__",
  "**/*.egg-info",
  "**/node_modules",
  "**/tests",
  "**/conftest.py",
  "test_*.py",
  "*.lock",
  "*.md",
  "*.rst",
  "*requirements*.txt",
  "Dockerfile*",
  "LICENSE*",
  "MANIFEST.in",
  "Makefile",
  "Pipfile*",
  "Procfile",
  "compose*.y*ml",
  "docker-compose*",
  "noxfile.py",
  "setup.py",
  "slipway.yaml",
  "tox.ini",
]

/** What of a service's sources is left out of its image. `packages` are the folders with an `__init__.py` in its root. */
export const excludedFromImage = (packages: ReadonlySet<string>): string[] => [
  ...NEVER_RUN,
  ...APART.filter((name) => !packages.has(name)),
]

/** Who the service runs as. */
export const USER = 10_001

/** Adds the user to `/etc/passwd`, and with an equal line the group to `/etc/group`, unless the number has a name. */
export function withUser(file: "passwd" | "group", text: string): string {
  if (new RegExp(`^[^:]*:[^:]*:${USER}:`, "m").test(text)) return text
  const line = file === "passwd" ? `app:x:${USER}:${USER}::/tmp:/usr/sbin/nologin` : `app:x:${USER}:`
  return `${text.replace(/\n*$/, "\n")}${line}\n`.replace(/^\n/, "")
}

/**
 * Says within the image whether the service answers, by Python alone, since there may be no other program. Not by its
 * HTTP client, which takes ten times as long to load, every ten seconds.
 */
export const healthCheck = (port: number, path: string): string[] => [
  "python",
  "-ISc",
  `import socket
service = socket.create_connection(("127.0.0.1", ${port}), timeout=4)
service.sendall(${bytes(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`)})
status = int(service.makefile("rb").readline().split()[1])
raise SystemExit(not 200 <= status < 400)`,
]

/** A text as Python writes bytes. */
const bytes = (text: string): string => `b${JSON.stringify(text)}`
