import { randomUUID } from "node:crypto"
import { CacheSharingMode, type Container, dag } from "@dagger.io/dagger"
import { fail } from "../lib/errors/catalogue.js"
import { type LedgerEntry, ledgerLine, type LedgerRecord, nextEntry, readLedger } from "../lib/run/ledger.js"

const FOLDER = "/ledger"
const FILE = `${FOLDER}/entries.jsonl`
/** What the command ends with where somebody else was first. */
const OVERTAKEN = 9
const ATTEMPTS = 20

/**
 * What was done to a service's environments, kept in the engine's cache, an entry a line. `tools` is any container with
 * a shell.
 */
export class Ledger {
  private readonly container: Container

  constructor(tools: Container, service: string) {
    this.container = tools.withMountedCache(FOLDER, dag.cacheVolume(`slipway-ledger-${service}`), {
      sharing: CacheSharingMode.Locked,
    })
  }

  /** All of it, as it is now. */
  text(): Promise<string> {
    return this.current()
      .withExec(["sh", "-c", `touch ${FILE}; cp ${FILE} /tmp/entries.jsonl`])
      .file("/tmp/entries.jsonl")
      .contents()
  }

  /** Adds an entry, once for each run. Whoever else writes at the same time is waited for. */
  async append(record: LedgerRecord): Promise<LedgerEntry | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const text = await this.text()
      const entry = nextEntry(readLedger(text), record)
      if (entry === undefined || (await this.write(entry, Buffer.byteLength(text)))) return entry
    }
    throw fail("LEDGER_BUSY", [ATTEMPTS])
  }

  /** Writes an entry, unless the ledger is no longer of this size: then it has another end. */
  private async write(entry: LedgerEntry, size: number): Promise<boolean> {
    const script = `[ "$(wc -c < ${FILE})" -eq ${size} ] || code=${OVERTAKEN}; [ "\${code:-0}" -ne 0 ] || cat /tmp/entry >> ${FILE}; echo "\${code:-0}" > /tmp/code`
    const code = await this.current()
      .withNewFile("/tmp/entry", ledgerLine(entry))
      .withExec(["sh", "-c", script])
      .file("/tmp/code")
      .contents()
    return Number(code) === 0
  }

  /** Never what the cache remembers of another time. */
  private current(): Container {
    return this.container.withEnvVariable("SLIPWAY_NOW", randomUUID())
  }
}
