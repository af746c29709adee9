/** Folders in a service's root that are never run, unless they are packages. */
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

/** Files that are never run. Those with a leading dot may contain a password. */
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

/** Patterns of sources to leave out of an image. `packages` are the folders in its root with an `__init__.py`. */
export const excludedFromImage = (packages: ReadonlySet<string>): string[] => [
  ...NEVER_RUN,
  ...APART.filter((name) => !packages.has(name)),
]

/** User id of the service. */
export const USER = 10_001

/** Adds the user to `/etc/passwd`, or with the same line the group to `/etc/group`, unless the number has a name. */
export function withUser(file: "passwd" | "group", text: string): string {
  if (text.split("\n").some((line) => line.split(":")[2] === String(USER))) return text
  const line = file === "passwd" ? `app:x:${USER}:${USER}::/tmp:/usr/sbin/nologin` : `app:x:${USER}:`
  return `${text.replace(/(?<!\n)\n*$/, "\n")}${line}\n`.replace(/^\n/, "")
}

/**
 * Command of the health check in the image, which needs only Python.
 *
 * It doesn't use Python's HTTP client, which takes ten times as long to load, every ten seconds.
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

/** Returns a text as a bytes literal of Python. */
const bytes = (text: string): string => `b${JSON.stringify(text)}`
