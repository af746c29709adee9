import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Program } from "./programs.js"
import type { Recipe } from "./recipes.js"

const program = (name: string, version: string): Program => ({
  module: "sigstore",
  package: name,
  flags: ["-ldflags", `-s -w -X sigs.k8s.io/release-utils/version.gitVersion=v${version}`],
})

/** Settings that the services share. */
const service = {
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  users: [{ name: "nonroot", id: 65532, home: "/home/nonroot", folders: [] }],
  remove: ["/usr/sbin/update-ca-certificates"],
  workdir: "/home/nonroot",
  user: "65532",
} satisfies Partial<Recipe>

/** The certificate authority: issues certificates for identities from an OpenID issuer. */
const fulcio: Recipe = {
  ...service,
  name: "sigstore/fulcio",
  tags: ["v1.8.5"],
  programs: { "/ko-app/fulcio": program("github.com/sigstore/fulcio", "1.8.5") },
  entrypoint: ["/ko-app/fulcio"],
}

/** The transparency log, with its tiles in a folder. */
const rekor: Recipe = {
  ...service,
  name: "sigstore/rekor-tiles/posix",
  tags: ["v2.2.1"],
  programs: {
    "/usr/local/bin/rekor-server": program(
      "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix",
      "2.2.1",
    ),
  },
  cmd: ["rekor-server", "serve"],
}

/** The timestamp authority. */
const timestamps: Recipe = {
  ...service,
  name: "sigstore/timestamp-server",
  tags: ["v2.0.5"],
  programs: {
    "/ko-app/timestamp-server": program(
      "github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server",
      "2.0.5",
    ),
  },
  entrypoint: ["/ko-app/timestamp-server"],
}

/** The services of a private Sigstore, for tests. */
export const SIGSTORE: readonly Recipe[] = [fulcio, rekor, timestamps]
