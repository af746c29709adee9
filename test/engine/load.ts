import { POD, type Pod } from "../../src/lib/kube/objects.js"
import type { Kube } from "../../src/lib/kube/client.js"

/** A request that was sent, and its result. */
interface Sent {
  /** Milliseconds since 1970. */
  at: number
  status: number
  version: string
}

const NAME = "load"

/**
 * Sends requests at an even rate, each over a new connection, without waiting for earlier ones; prints a line per
 * answer.
 */
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
 * Load from within the cluster, until it is ended. Requests from this host wouldn't do: the engine's tunnel keeps
 * every closed connection, and accepts no more after some thousands.
 */
export class Load {
  private constructor(
    private readonly kube: Kube,
    private readonly namespace: string,
    readonly sent: Sent[] = [],
  ) {}

  /** Starts sending, and waits for the first answers. */
  static async start(kube: Kube, namespace: string, perSecond = 50, path = "/work"): Promise<Load> {
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
            command: ["python", "-c", SCRIPT, "api", path, String(perSecond)],
          },
        ],
      },
    }
    await kube.create<Pod>(pod)
    const load = new Load(kube, namespace)
    while ((await load.read()) < perSecond) await new Promise((done) => setTimeout(done, 500))
    return load
  }

  /** Stops sending, and returns the load with all answers. */
  async end(): Promise<this> {
    await this.read()
    await this.kube.delete(POD, NAME, this.namespace)
    return this
  }

  /** Lists the requests that were not answered with 200. */
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
