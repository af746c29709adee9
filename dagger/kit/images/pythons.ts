import type { Platform } from "../debian/rootfs.js"
import { APT, BOTH_PLATFORMS, type Recipe, UV } from "./recipes.js"

/** An offline image of Python: the official image's names and commands, by what Debian and Maven have. */
export interface PythonImage extends Recipe {
  /** Python's minor version, for example `3.13`. */
  version: string
  /** The Debian suite of its packages. */
  suite: string
  /** Where Python itself is from: Debian's packages, or the folder in `dagger/kit/images/java` of Maven's. */
  source: "debian" | { java: string }
  /** Wheels in addition to the recipe's, for some platforms: of modules that Python's source lacks. */
  wheels?: Partial<Record<Platform, string>>
  /** What it lacks, in a label of the image and in docs/engine.md. */
  lacks: string
}

const PIP = "pip==25.3 --hash=sha256:9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"

const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

/** What `python:X` has and `python:X-slim` hasn't, as far as services' packages are known to ask for it. */
const COMPILERS = [
  ...["g++", "gcc", "libc6-dev", "make", "pkg-config", "patch"],
  ...["curl", "git", "openssh-client", "unzip", "wget", "xz-utils"],
  ...["default-libmysqlclient-dev", "libbz2-dev", "libcurl4-openssl-dev", "libevent-dev", "libffi-dev"],
  ...["libgmp-dev", "libjpeg-dev", "libkrb5-dev", "liblzma-dev", "libpng-dev", "libpq-dev", "libsqlite3-dev"],
  ...["libssl-dev", "libwebp-dev", "libxml2-dev", "libxslt1-dev", "libyaml-dev", "zlib1g-dev"],
]

/** What Debian splits from Python and nobody's tests need. */
const DEBIAN_LACKS = "tkinter, dbm.gnu"

/** Libraries that CPython of Maven links to, by its modules. */
const MAVEN_LIBRARIES = [
  "libbz2-1.0",
  "libcrypt1",
  "liblzma5",
  "libncursesw6",
  "libreadline8",
  "libsqlite3-0",
]

/** How one version is made. */
type Origin = Pick<PythonImage, "version" | "suite" | "source" | "lacks" | "wheels"> & { packages?: string[] }

const ORIGINS: Origin[] = [
  {
    version: "3.9",
    suite: "bullseye",
    source: "debian",
    packages: ["python3-distutils"],
    lacks: DEBIAN_LACKS,
  },
  {
    version: "3.10",
    suite: "bookworm",
    source: { java: "cpython-3.10" },
    packages: MAVEN_LIBRARIES,
    wheels: {
      "linux/amd64":
        "pysqlite3-binary==0.5.4.post2 --hash=sha256:7f8171c8dd11dfc6fe5321394903782df9610f51d457a3ebe8c972c0bc4606fb",
    },
    lacks: "security fixes after 3.10.8, tkinter, dbm.gnu, curses, lzma, readline, on arm64 sqlite3",
  },
  {
    version: "3.12",
    suite: "bookworm",
    source: { java: "cpython-3.12" },
    packages: MAVEN_LIBRARIES,
    lacks:
      "security fixes after 3.12.1, tkinter, dbm.gnu, dbm.ndbm, on arm64 curses, lzma, readline, sqlite3",
  },
  { version: "3.13", suite: "trixie", source: "debian", lacks: DEBIAN_LACKS },
  { version: "3.14", suite: "forky", source: "debian", lacks: DEBIAN_LACKS },
]

/** The one of Debian bookworm has a recipe of its own for `-slim`; this is the full image. */
const DEFAULT: Origin = { version: "3.11", suite: "bookworm", source: "debian", lacks: DEBIAN_LACKS }

/** Every offline image of Python but `python:3.11-slim`. */
export const PYTHONS: readonly PythonImage[] = [
  ...ORIGINS.map((origin) => pythonImage(origin, "slim")),
  ...[...ORIGINS, DEFAULT].map((origin) => pythonImage(origin, "full")),
]

function pythonImage(origin: Origin, kind: "slim" | "full"): PythonImage {
  const { version, suite, source, lacks, packages = [] } = origin
  const name = `python${version}`
  const suffix = kind === "slim" ? "-slim" : ""
  const own = source === "debian" ? [name, `${name}-venv`, ...(kind === "full" ? [`${name}-dev`] : [])] : []
  const headers = source === "debian" && kind === "slim" ? ", C headers" : ""
  return {
    ...origin,
    name: "library/python",
    tags: [`${version}${suffix}`, `${version}${suffix}-${suite}`],
    platforms: BOTH_PLATFORMS,
    packages: [
      ...[...APT, "ca-certificates", "netbase", "tzdata", ...own, ...packages],
      ...(kind === "full" ? COMPILERS : []),
    ],
    // Debian's Python as a static library: 40 MB that only those who embed it need.
    without: ["/usr/lib/*/libpython*.a", "/usr/lib/python3*/config-*/libpython*.a"],
    pypi: [PIP, UV],
    links: {
      ...(source === "debian" ? { [`/usr/local/bin/${name}`]: `/usr/bin/${name}` } : {}),
      "/usr/local/bin/python": name,
      "/usr/local/bin/python3": name,
      "/usr/local/bin/pip3": "pip",
      [`/usr/local/bin/pip${version}`]: "pip",
      "/usr/local/bin/uv": `../lib/${name}/${sitePackages(source)}/bin/uv`,
      // On a foreign platform, the alternatives that set-up scripts make.
      ...(kind === "full" ? { "/usr/bin/cc": "gcc", "/usr/bin/c++": "g++" } : {}),
    },
    files: { "/usr/local/bin/pip": "python/pip.sh" },
    // Debian forbids pip in its own Python (PEP 668), and the engine runs the first command around every process.
    remove: ["/usr/sbin/update-ca-certificates", `/usr/lib/${name}/EXTERNALLY-MANAGED`],
    // CPython of Maven knows only its builder's authorities, and pip for 3.9 only its own.
    env: { LANG: "C.UTF-8", SSL_CERT_FILE: AUTHORITIES, PIP_CERT: AUTHORITIES },
    cmd: ["python3"],
    lacks: `${lacks}${headers}`,
  }
}

/** The folder of packages that pip installs below `/usr/local/lib/pythonX.Y`. */
export function sitePackages(source: PythonImage["source"]): string {
  return source === "debian" ? "dist-packages" : "site-packages"
}
