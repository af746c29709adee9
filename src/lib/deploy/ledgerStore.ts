import { fail } from "../errors/catalogue.js"
import { isOvertaken } from "../kube/status.js"
import type { Kube } from "../kube/client.js"
import { CONFIG_MAP, type ConfigMap } from "../kube/objects.js"
import {
  type LedgerEntry,
  ledgerFaults,
  ledgerLine,
  type LedgerRecord,
  nextEntry,
  readLedger,
  salvagedLedger,
} from "../run/ledger.js"

/** Bytes of entries per ConfigMap: its limit of 1 MiB, less room for the largest entry. */
const ROOM = 900_000
const ATTEMPTS = 20
const KEY = "entries.jsonl"
/** The label of each ConfigMap with entries. */
export const LEDGER_LABEL = "slipway.dev/ledger"
/** The annotation of a full ConfigMap, to which nothing is appended any more. */
const FULL = "slipway.dev/ledger-full"

/** The ledger of a service in its cluster: entries in ConfigMaps, each chained to the previous one by its hash. */
export class ClusterLedger {
  constructor(
    private readonly kube: Kube,
    private readonly namespace: string,
    private readonly service: string,
  ) {}

  /** The same ledger, written by another client. */
  by(kube: Kube): ClusterLedger {
    return new ClusterLedger(kube, this.namespace, this.service)
  }

  /** Returns all readable entries, and what is wrong with the ledger: a damaged one must not stop a rollback. */
  async read(): Promise<{ entries: LedgerEntry[]; damage: string[] }> {
    const { entries, unreadable } = salvagedLedger(await this.text())
    return { entries, damage: [...unreadable, ...ledgerFaults(entries)] }
  }

  /** Returns all entries, the oldest first. Fails with LEDGER_LOST if one is missing or was changed. */
  async entries(): Promise<LedgerEntry[]> {
    const entries = (await this.parts()).flatMap(textOf).flatMap(readLedger)
    const faults = ledgerFaults(entries)
    if (faults.length > 0) throw fail("LEDGER_LOST", [faults])
    return entries
  }

  /** Returns all entries unverified, one per line. */
  async text(): Promise<string> {
    return (await this.parts()).flatMap(textOf).join("\n")
  }

  /**
   * Appends an entry, once per run; returns undefined if the run has one already.
   *
   * On a concurrent write it starts again. Fails with LEDGER_BUSY after too many attempts.
   */
  async append(record: LedgerRecord): Promise<LedgerEntry | undefined> {
    let sent: LedgerEntry | undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const parts = await this.parts()
      const { entries } = salvagedLedger(parts.flatMap(textOf).join("\n"))
      const entry = nextEntry(entries, record)
      // A write whose answer was lost may have been carried out, and followed by another's.
      if (entry === undefined) return entries.find(({ hash }) => hash === sent?.hash)
      sent = entry
      if (await this.write(parts, ledgerLine(entry))) return entry
    }
    throw fail("LEDGER_BUSY", [ATTEMPTS])
  }

  private async parts(): Promise<ConfigMap[]> {
    const found = await this.kube.list<ConfigMap>(CONFIG_MAP, {
      namespace: this.namespace,
      labels: `${LEDGER_LABEL}=${this.service}`,
    })
    return found.sort((a, b) => numberOf(a) - numberOf(b))
  }

  /** Writes a line behind what was read; false if another writer was first. */
  private async write(parts: readonly ConfigMap[], line: string): Promise<boolean> {
    const last = parts.at(-1)
    const before = last === undefined ? "" : textOf(last).join("")
    const text = before === "" || before.endsWith("\n") ? before : `${before}\n`
    try {
      if (last === undefined) await this.kube.create(this.part(1, line))
      else if (last.metadata.annotations?.[FULL] !== undefined)
        await this.kube.create(this.part(numberOf(last) + 1, line))
      else if (Buffer.byteLength(text) + Buffer.byteLength(line) > ROOM) {
        // Closed first: another writer, whose shorter line still fits, would else append to it meanwhile.
        const annotations = { ...last.metadata.annotations, [FULL]: "true" }
        await this.kube.replace<ConfigMap>({ ...last, metadata: { ...last.metadata, annotations } })
        await this.kube.create(this.part(numberOf(last) + 1, line))
      } else await this.kube.replace<ConfigMap>({ ...last, data: { ...last.data, [KEY]: text + line } })
      return true
    } catch (error) {
      if (isOvertaken(error)) return false
      throw error
    }
  }

  private part(number: number, line: string): ConfigMap {
    const name = `slipway-ledger-${this.service}-${String(number).padStart(4, "0")}`
    const metadata = { name, namespace: this.namespace, labels: { [LEDGER_LABEL]: this.service } }
    return { ...CONFIG_MAP, metadata, data: { [KEY]: line } }
  }
}

/** Returns what can be read of the entries in ConfigMaps of any ledgers. */
export const ledgerEntriesOf = (maps: readonly ConfigMap[]): LedgerEntry[] =>
  maps.flatMap(textOf).flatMap((text) => salvagedLedger(text).entries)

const textOf = ({ data }: ConfigMap): string[] => [data?.[KEY] ?? ""]

const numberOf = ({ metadata }: ConfigMap): number => Number(/(?<!\d)\d+$/.exec(metadata.name)?.[0] ?? 0)
