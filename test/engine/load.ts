import { POD, type Pod } from "../../src/lib/kube/objects.js"
import type { Kube } from "../../src/lib/kube/client.js"

/** What became of a request. */
interface Sent {
  /** Milliseconds since 1970. */
  at: number
  status: number
  version: string
}

const NAME = "load"

/** Asks at an even rate, each time by a new connection, whatever becomes of those before; a line for each answer. */
const SCRIPT = `
import http.client, json, sys, threading, time
host, path, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
def ask():
    at, status, version = int(time.time() * 1000), 0, ""
    try:
        connection = http.client.HTTPConnection(host, 80, timeout=5)
        connection.request("GET", path)
        response = connection.getresponse()
        status, body = response.status, response.read()
        connection.close()
        version = json.loads(body)["version"] if status == 200 else ""
    except (OSError, http.client.HTTPException, ValueError):
        pass
    sys.stdout.write(f"{at} {status} {version}\\n")
    sys.stdout.flush()
begun = time.monotonic()
for number in range(10**9):
    threading.Thread(target=ask, daemon=True).start()
    time.sleep(max(0, begun + (number + 1) / rate - time.monotonic()))
`

/**
 * Requests from within the cluster, until it is ended. Not from this host: the engine's tunnel keeps every connection
 * that was closed, and takes no more after some thousands.
 */
export class Load {
  private constructor(
    private readonly kube: Kube,
    private readonly namespace: string,
    readonly sent: Sent[] = [],
  ) {}

  /** Begins, and waits for the first answers. */
  static async start(kube: Kube, namespace: string, perSecond = 50): Promise<Load> {
    const pod = {
      ...POD,
      metadata: { name: NAME, namespace },
      spec: {
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: NAME,
            image: "python:3.11-slim",
            command: ["python", "-c", SCRIPT, "api", "/work", String(perSecond)],
          },
        ],
      },
    }
    await kube.create<Pod>(pod)
    const load = new Load(kube, namespace)
    while ((await load.read()) < perSecond) await new Promise((done) => setTimeout(done, 500))
    return load
  }

  /** Ends it, with all that was answered. */
  async end(): Promise<this> {
    await this.read()
    await this.kube.delete(POD, NAME, this.namespace)
    return this
  }

  /** Those that weren't answered with 200. */
  failed(): Sent[] {
    return this.sent.filter(({ status }) => status !== 200)
  }

  private async read(): Promise<number> {
    const lines = (await this.kube.logs(this.namespace, NAME)).trim().split("\n")
    const whole = lines.map((line) => line.split(" ")).filter(([at]) => Number(at) > 0)
    this.sent.splice(
      0,
      Infinity,
      ...whole.map(([at, status, version = ""]) => ({ at: Number(at), status: Number(status), version })),
    )
    return this.sent.length
  }
}
