import { randomUUID } from "node:crypto"
import { CacheSharingMode, type Container } from "@dagger.io/dagger"
import { fail } from "../lib/errors/catalogue.js"
import { type LedgerEntry, ledgerLine, type LedgerRecord, nextEntry, readLedger } from "../lib/run/ledger.js"
import { cacheVolume } from "../stage/volumes.js"

const FOLDER = "/ledger"
const FILE = `${FOLDER}/entries.jsonl`
/** Exit code of the command if another run wrote first. */
const OVERTAKEN = 9
const ATTEMPTS = 20

/**
 * Ledger of the changes to a service's environments, one entry per line.
 *
 * It is kept in the engine's cache. `tools` is any container with a shell.
 */
export class Ledger {
  private readonly container: Container

  constructor(tools: Container, space: string, service: string) {
    this.container = tools.withMountedCache(FOLDER, cacheVolume(space, "ledger", service), {
      sharing: CacheSharingMode.Locked,
    })
  }

  /** Current text of the ledger. */
  text(): Promise<string> {
    return this.current()
      .withExec(["sh", "-c", `touch ${FILE}; cp ${FILE} /tmp/entries.jsonl`])
      .file("/tmp/entries.jsonl")
      .contents()
  }

  /** Adds an entry, once for each run, and waits for concurrent writers. Fails with LEDGER_BUSY. */
  async append(record: LedgerRecord): Promise<LedgerEntry | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const text = await this.text()
      const entry = nextEntry(readLedger(text), record)
      if (entry === undefined || (await this.write(entry, Buffer.byteLength(text)))) return entry
    }
    throw fail("LEDGER_BUSY", [ATTEMPTS])
  }

  /** Writes an entry unless the ledger has another size by now, and hence another last entry. */
  private async write(entry: LedgerEntry, size: number): Promise<boolean> {
    const script = `[ "$(wc -c < ${FILE})" -eq ${size} ] || code=${OVERTAKEN}; [ "\${code:-0}" -ne 0 ] || cat /tmp/entry >> ${FILE}; echo "\${code:-0}" > /tmp/code`
    const code = await this.current()
      .withNewFile("/tmp/entry", ledgerLine(entry))
      .withExec(["sh", "-c", script])
      .file("/tmp/code")
      .contents()
    return Number(code) === 0
  }

  /** Bypasses the cache of earlier runs. */
  private current(): Container {
    return this.container.withEnvVariable("SLIPWAY_NOW", randomUUID())
  }
}
