import { inside, printable, web } from "./complaints.js"

/** Samples of `image` and `release`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "the first port": "image: {port: 1}\n",
  "the last port": "image: {port: 65535}\n",
  "build arguments of all sorts": `image: {args: ["A=", "A=b=c", "_a1=ü 😀 'x' $(y)", "Z=${"z".repeat(4000)}"]}\n`,
  "no build arguments": "image: {args: []}\n",
  "a command's word with a space": "image: {command: ['python -m app']}\n",
  "a command with a word twice": "image: {command: [gunicorn, -b, 'a:1', -b, 'b:2']}\n",
  "the root as health": "image: {health: /}\n",
  "the longest path of health": `image: {health: /${"~".repeat(1000)}}\n`,
  "the least and the greatest size": "image: {budget: 1kB, context: 9999GB}\n",
  "a stage by its number, in quotes": "image: {target: '0'}\n",
  "the longest stage": `image: {target: ${"s".repeat(128)}}\n`,
  "a registry on this machine": "release: {registry: localhost}\n",
  "a registry by its port": "release: {registry: 'registry:5000'}\n",
  "a registry by its address": "release: {registry: '10.0.0.1:5000'}\n",
  "a registry with dashes": "release: {registry: 'a--b.C-1.example'}\n",
  "a repository with every separator": "release: {repository: a.b/c_d/e__f/g---h/0}\n",
  "an identity by address": "release: {identity: ci+main@example.com, issuer: 'http://issuer:5556/dex'}\n",
  "an identity by pattern in a URL":
    "release: {identity: 'https://github.com/team/app/.github/workflows/ci.yml@refs/tags/v*'}\n",
  "former repositories and builders":
    "release: {sources: ['https://git.example.com/old/app', unknown], builders: ['https://b.example.com/v1', unknown]}\n",
  "an identity with an apostrophe": `release: {identity: "o'neil@example.com"}\n`,
  "every tag": "release: {tags: [commit, branch, latest, major, minor, version]}\n",
  "a log that is on": "release: {log: true}\n",
}

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "a key of the release in the image": [
    "image: {registry: team.azurecr.io}\n",
    '1:9: image.registry: unknown key here; it belongs below "release"',
  ],
  "the image as images": [
    "image: {prefix: a.io}\n",
    '1:9: image.prefix: unknown key here; it belongs below "images"',
  ],
  "a platform without its system": [
    "image: {platforms: [arm64]}\n",
    '1:21: image.platforms[0]: expected one of linux/amd64, linux/arm64, received "arm64"',
  ],
  "a platform with a variant": [
    "image: {platforms: [linux/arm64/v8]}\n",
    '1:21: image.platforms[0]: expected one of linux/amd64, linux/arm64, received "linux/arm64/v8"; did you mean "linux/arm64"?',
  ],
  "no platforms": [
    "image: {platforms: []}\n",
    "1:20: image.platforms: expected at least one entry, received an empty list",
  ],
  "a platform twice": [
    "image: {platforms: [linux/amd64, linux/amd64]}\n",
    '1:34: image.platforms[1]: "linux/amd64" is in the list twice, first on line 1',
  ],
  "a Dockerfile of the parent": [
    "image: {dockerfile: ../Dockerfile}\n",
    inside("1:21: image.dockerfile", "../Dockerfile"),
  ],
  "an absolute Dockerfile": [
    "image: {dockerfile: /Dockerfile}\n",
    `1:21: image.dockerfile: expected a path relative to the service's folder, received "/Dockerfile"`,
  ],
  "a Dockerfile like an option": [
    "image: {dockerfile: --debug}\n",
    '1:21: image.dockerfile: expected a path that doesn\'t begin with "-" (write "./-name"), received "--debug"',
  ],
  "a stage like an option": ["image: {target: --push}\n", stage("--push")],
  "a stage with a space": ["image: {target: 'a b'}\n", stage("a b")],
  "a stage that is too long": [`image: {target: ${"s".repeat(129)}}\n`, stage(`${"s".repeat(80)}…`)],
  "a stage by its number": [
    "image: {target: 0}\n",
    "1:17: image.target: expected a text, received the number 0; put it in quotes",
  ],
  "a build argument without value": ["image: {args: [EXTRAS]}\n", argument("EXTRAS")],
  "a build argument without name": ["image: {args: ['=gpu']}\n", argument("=gpu")],
  "a build argument like an option": ["image: {args: [--a=b]}\n", argument("--a=b")],
  "a build argument of two lines": ['image: {args: ["A=b\\nc"]}\n', argument("A=b\\nc")],
  "a build argument that is too long": [
    `image: {args: [A=${"x".repeat(4001)}]}\n`,
    argument(`A=${"x".repeat(78)}…`),
  ],
  "build arguments as a map": [
    "image: {args: {A: b}}\n",
    "1:15: image.args: expected a list, received a map",
  ],
  "a command as a text": [
    "image: {command: python -m app}\n",
    '1:18: image.command: expected a list, received "python -m app"',
  ],
  "no command": [
    "image: {command: []}\n",
    "1:18: image.command: expected at least one entry, received an empty list",
  ],
  "a command with an empty word": [
    "image: {command: [sh, '']}\n",
    '1:23: image.command[1]: expected a command on one line, of at most 4000 characters, received ""',
  ],
  "port 0": [
    "image: {port: 0}\n",
    "1:15: image.port: expected a whole number from 1 to 65535, received the number 0",
  ],
  "a port that is none": [
    "image: {port: 65536}\n",
    "1:15: image.port: expected a whole number from 1 to 65535, received the number 65536",
  ],
  "a port in quotes": [
    "image: {port: '8000'}\n",
    '1:15: image.port: expected a whole number from 1 to 65535, received "8000"',
  ],
  "a health without slash": ["image: {health: health}\n", health("health")],
  "a health with its host": ["image: {health: 'http://a/health'}\n", health("http://a/health")],
  "a health with a header": ['image: {health: "/ HTTP/1.0\\r\\nA: b"}\n', health("/ HTTP/1.0\\r\\nA: b")],
  "a health that is too long": [`image: {health: /${"a".repeat(1001)}}\n`, health(`/${"a".repeat(79)}…`)],
  "an unknown word for unfixed": [
    "image: {unfixed: failed}\n",
    '1:18: image.unfixed: expected one of report, triaged, fail, received "failed"',
  ],
  "a budget in mebibytes": ["image: {budget: 200MiB}\n", size("1:17: image.budget", '"200MiB"')],
  "a budget with a space": ["image: {budget: 200 MB}\n", size("1:17: image.budget", '"200 MB"')],
  "a budget of nothing": ["image: {budget: 0MB}\n", size("1:17: image.budget", '"0MB"')],
  "a budget by a fraction": ["image: {budget: 1.5GB}\n", size("1:17: image.budget", '"1.5GB"')],
  "a budget without unit": [
    "image: {budget: 200}\n",
    size("1:17: image.budget", "the number 200; put it in quotes"),
  ],
  "a context in capitals": ["image: {context: 5KB}\n", size("1:18: image.context", '"5KB"')],
  "a registry with a scheme": [
    "release: {registry: 'https://team.azurecr.io'}\n",
    registry("https://team.azurecr.io"),
  ],
  "a registry with a path": [
    "release: {registry: team.azurecr.io/audio}\n",
    registry("team.azurecr.io/audio"),
  ],
  "a registry with a password": ["release: {registry: 'u:p@team.io'}\n", registry("u:p@team.io")],
  "a registry like an option": ["release: {registry: -team.io}\n", registry("-team.io")],
  "a registry with two dots": ["release: {registry: team..io}\n", registry("team..io")],
  "a registry with an empty port": ["release: {registry: 'team.io:'}\n", registry("team.io:")],
  "a registry that is a folder of Docker Hub": [
    "release: {registry: team}\n",
    '1:21: release.registry: expected a registry first, such as "mirror.example.com/hub" or "localhost:5000", received "team"',
  ],
  "a registry of two lines": ['release: {registry: "a.io\\nb.io"}\n', registry("a.io\\nb.io")],
  "a repository in upper case": ["release: {repository: Audio}\n", repository("Audio")],
  "a repository with a tag": ["release: {repository: 'audio:1'}\n", repository("audio:1")],
  "a repository with an empty part": ["release: {repository: a//b}\n", repository("a//b")],
  "a repository that ends in a slash": ["release: {repository: a/}\n", repository("a/")],
  "a repository of the parent": ["release: {repository: ../a}\n", repository("../a")],
  "a repository with three underscores": ["release: {repository: a___b}\n", repository("a___b")],
  "a password in the source's address": [
    "release: {source: 'https://me:secret@git.example.com/a'}\n",
    '1:19: release.source: expected a URL without user name and password, which a secret has to carry, received "https://***@git.example.com/a"',
  ],
  "a source for git": [
    "release: {source: 'git@github.com:team/service.git'}\n",
    web("1:19: release.source", "git@github.com:team/service.git"),
  ],
  "an unknown tag": [
    "release: {tags: [lates]}\n",
    '1:18: release.tags[0]: expected one of version, minor, major, branch, commit, latest, received "lates"; did you mean "latest"?',
  ],
  "no tags": [
    "release: {tags: []}\n",
    "1:17: release.tags: expected at least one entry, received an empty list",
  ],
  "gates of the release itself": [
    "release: {gates: [image, release]}\n",
    '1:26: release.gates[1]: expected one of quality, security, tests, image, received "release"',
  ],
  "a stage as a group of gates": [
    "release: {gates: [test]}\n",
    '1:19: release.gates[0]: expected one of quality, security, tests, image, received "test"; did you mean "tests"?',
  ],
  "no gates": [
    "release: {gates: []}\n",
    "1:18: release.gates: expected at least one entry, received an empty list",
  ],
  "a key itself": [
    "release:\n  key: |\n    -----BEGIN PUBLIC KEY-----\n    abc\n",
    printable("2:8: release.key", "-----BEGIN PUBLIC KEY-----\\nabc\\n"),
  ],
  "a key outside of the source": [
    "release: {key: /etc/cosign.pub}\n",
    `1:16: release.key: expected a path relative to the service's folder, received "/etc/cosign.pub"`,
  ],
  "an identity by pattern": ["release: {identity: '*@example.com'}\n", identity("*@example.com")],
  "an identity that trusts a whole host": [
    "release: {identity: 'https://github.com/*'}\n",
    identity("https://github.com/*"),
  ],
  "a builder without a scheme": [
    "release: {builders: [evil]}\n",
    '1:22: release.builders[0]: expected a builder\'s id, a URI such as "https://builder.example.com/v1", or "unknown", received "evil"',
  ],
  "an identity with a space": ["release: {identity: 'a b@example.com'}\n", identity("a b@example.com")],
  "an empty identity": ["release: {identity: ''}\n", identity("")],
  "an identity that is too long": [
    `release: {identity: ${"a".repeat(1001)}}\n`,
    identity(`${"a".repeat(80)}…`),
  ],
  "an issuer without scheme": [
    "release: {issuer: token.actions.githubusercontent.com}\n",
    web("1:19: release.issuer", "token.actions.githubusercontent.com"),
  ],
  "an issuer with a password": [
    "release: {issuer: 'https://me:secret@issuer.example.com'}\n",
    '1:19: release.issuer: expected a URL without user name and password, which a secret has to carry, received "https://***@issuer.example.com"',
  ],
  "a log by a number": [
    "release: {log: 1}\n",
    "1:16: release.log: expected one of true, false, received the number 1",
  ],
  "no log": ["release:\n  log:\n", "2:7: release.log: expected one of true, false, received nothing"],
  "a signing config by its address": [
    "release: {signingConfig: ../sc.json}\n",
    inside("1:26: release.signingConfig", "../sc.json"),
  ],
  "a trusted root outside of the source": [
    "release: {trustedRoot: a/../../r.json}\n",
    inside("1:24: release.trustedRoot", "a/../../r.json"),
  ],
}

function stage(value: string): string {
  return `1:17: image.target: expected the name of a stage in the Dockerfile, such as "runtime", received "${value}"`
}

function argument(value: string): string {
  return `1:16: image.args[0]: expected a build argument such as "EXTRAS=gpu", received "${value}"`
}

function health(value: string): string {
  return `1:17: image.health: expected the path of a URL, such as "/health", received "${value}"`
}

function size(place: string, value: string): string {
  return `${place}: expected a size: 1 to 9999 kB, MB or GB, such as "200MB", received ${value}`
}

function registry(value: string): string {
  return `1:21: release.registry: expected a registry's host, with a port if need be, such as "team.azurecr.io", received "${value}"`
}

function repository(value: string): string {
  return `1:23: release.repository: expected a repository in the registry, such as "audio/upscaler", received "${value}"`
}

function identity(value: string): string {
  return `1:21: release.identity: expected an identity as a certificate has it, an address or a URL; only in a URL, "*" after host and owner, such as "https://github.com/team/*", received "${value}"`
}
