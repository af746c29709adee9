import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type { Readable } from "node:stream"
import { engineRoot } from "../../../dagger/kit/debian/root.js"
import { CONTAINERS_MIRROR } from "../../../dagger/lib/addresses.js"
import { paths } from "../../../dagger/lib/home.js"
import { run } from "../../../dagger/lib/shell.js"
import type { Ended } from "../dagger.js"
import { until } from "../until.js"
import { machineRoot } from "./image.js"

/** Joins the machine's cgroup, then its namespaces by two steps, and runs a script there as root. */
const ENTER = `
for group in /sys/fs/cgroup/*/"$1"/cgroup.procs /sys/fs/cgroup/"$1"/init/cgroup.procs; do
  [ ! -e "$group" ] || echo $$ > "$group"
done
exec nsenter --target "$2" --mount --pid --ipc --uts --cgroup -- \\
  nsenter --target "$3" --mount --net -- env -i \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DO_NOT_TRACK=1 \\
  sh -euc "cd; $4"`

/** Removes the machine's cgroups that have no process left, and lists the others. */
const REMOVE_CGROUPS = `
find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2> /dev/null || true
find /sys/fs/cgroup -maxdepth 2 -name "$1"`

/** A machine with Docker and podman, which shares nothing with this one but its kernel and the folders shown. */
export class Machine {
  readonly work = mkdtempSync(join(tmpdir(), "runtimes-"))
  private readonly id = basename(this.work)
  private process: ChildProcess | undefined

  /** Starts the machine; `shown` are folders that it sees, read-only and under the same paths. */
  async start(shown: readonly string[]): Promise<void> {
    mkdirSync(join(this.work, "out"))
    const log = openSync(join(this.work, "machine.log"), "w")
    this.process = spawn("setpriv", ["--pdeathsig", "KILL", join(import.meta.dirname, "machine.sh")], {
      stdio: ["ignore", log, log],
      detached: true,
      env: {
        ...process.env,
        MACHINE_ID: this.id,
        MACHINE_ROOT: await machineRoot(),
        MACHINE_TOOLS: await engineRoot(),
        MACHINE_WORK: this.work,
        MACHINE_REGISTRY: paths.registry,
        MACHINE_MIRROR_IP: CONTAINERS_MIRROR.split(":")[0],
        MACHINE_SHOWN: shown.join(":"),
      },
    })
    const isReady = () => existsSync(join(this.work, "out/ready"))
    await until(isReady, 20, () => `the machine didn't start: ${this.logs()}`)
  }

  /** Runs a script as root of the machine; its standard input is a stream with a file descriptor. */
  async run(script: string, input: Readable | "ignore" = "ignore"): Promise<Ended> {
    const child = spawn("sh", ["-euc", ENTER, "-", this.id, ...this.places(), script], {
      stdio: [input, "pipe", "pipe"],
    })
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()))
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()))
    const exitCode = await new Promise<number | null>((resolve) => child.once("exit", resolve))
    return { exitCode, stdout, stderr }
  }

  /** Runs a script, and fails if it does. */
  async done(script: string, input?: Readable): Promise<Ended> {
    const ended = await this.run(script, input)
    if (ended.exitCode !== 0) throw new Error(`${script}: ${ended.stderr}${ended.stdout}`)
    return ended
  }

  /** Ends every process of the machine, and deletes what they stored. */
  async end(): Promise<void> {
    const { process: outermost } = this
    if (outermost?.exitCode === null && outermost.signalCode === null) {
      const ended = new Promise((resolve) => outermost.once("exit", resolve))
      outermost.kill("SIGKILL")
      await ended
    }
    let left = ""
    // The kernel ends its process 1 and thereby all others, unmounts what they saw, and only then frees the cgroup.
    const isGone = async () => {
      left = (await run({ nothrow: true })`sh -euc ${REMOVE_CGROUPS} - ${this.id}`).stdout
      return left === ""
    }
    await until(isGone, 20, () => `the machine's processes didn't end: ${left}`)
    await rm(this.work, { recursive: true, force: true })
  }

  /** The ids of the machine's processes, as this one numbers them. */
  processes(): number[] {
    const ids: number[] = []
    const visit = (id: number) => {
      ids.push(id)
      const file = `/proc/${id}/task/${id}/children`
      if (existsSync(file)) readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number).forEach(visit)
    }
    visit(this.process?.pid ?? 0)
    return ids
  }

  private logs(): string {
    return ["machine", "network", "registry"]
      .map((name) => join(this.work, `${name}.log`))
      .flatMap((file) => (existsSync(file) ? [`${file}: ${readFileSync(file, "utf8")}`] : []))
      .join("\n")
  }

  /** The machine's process 1 as this one numbers it, and the one that has the machine's root as the machine does. */
  private places(): [string, string] {
    return [String(this.processes()[1]), readFileSync(join(this.work, "inner"), "utf8").trim()]
  }
}
