import { describe, expect, it } from "vitest"
import { diagnose, eventsThatMatter } from "../../../src/lib/kube/diagnosis.js"
import type { Container, ContainerState, Event, NodeObject, Pod } from "../../../src/lib/kube/objects.js"
import { quantity, shown } from "../../../src/lib/kube/quantity.js"
import { nodeReasons } from "../../../src/lib/kube/scheduling.js"

interface Given {
  name?: string
  container?: Partial<Container>
  state?: ContainerState
  lastState?: ContainerState
  restarts?: number
  ready?: boolean
  status?: Partial<NonNullable<Pod["status"]>>
  node?: string
}

function pod({
  name = "api-1",
  container,
  state,
  lastState,
  restarts = 0,
  ready = false,
  status,
  node,
}: Given = {}): Pod {
  const of: Container = { name: "api", image: "registry.example/api:1", ...container }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: `uid-${name}` },
    spec: { containers: [of], ...(node === undefined ? {} : { nodeName: node }) },
    status: {
      phase: "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(state === undefined && lastState === undefined
        ? {}
        : {
            containerStatuses: [
              {
                name: of.name,
                image: of.image,
                imageID: "",
                ready,
                restartCount: restarts,
                state,
                lastState,
              },
            ],
          }),
      ...status,
    },
  }
}

let minute = 0
const event = (reason: string, message: string, given: Partial<Event> & { about?: string } = {}): Event => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: `e-${(minute += 1)}` },
  type: "Warning",
  reason,
  message,
  lastTimestamp: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  involvedObject: { kind: "Pod", name: given.about ?? "api-1", fieldPath: "spec.containers{api}" },
  ...given,
})

const lines = (pods: Pod[], events: Event[] = [], options = {}) =>
  diagnose(pods, events, options).map(({ line }) => line)

const waiting = (reason: string, message?: string): ContainerState => ({ waiting: { reason, message } })

describe("diagnose for an image that can't be pulled", () => {
  const wrap = (words: string) =>
    `rpc error: code = NotFound desc = failed to pull and unpack image "registry.example/api:1": failed to resolve reference "registry.example/api:1": ${words}`

  it.each([
    [
      "registry.example/api:1: not found",
      "its registry has no such image: registry.example/api:1: not found",
    ],
    [
      "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
      "its registry doesn't let the cluster pull it (see imagePullSecrets): pull access denied",
    ],
    [
      "unexpected status from HEAD request to https://registry.example/v2/api/manifests/1: 401 Unauthorized",
      "doesn't let the cluster pull it",
    ],
    [
      'failed to do request: Head "https://registry.example/v2/api/manifests/1": dial tcp: lookup registry.example: no such host',
      "its registry can't be reached: Head",
    ],
    [
      'failed to do request: Head "https://registry.example/": dial tcp 10.0.0.1:443: i/o timeout',
      "its registry can't be reached",
    ],
    [
      "failed to do request: tls: failed to verify certificate: x509: certificate signed by unknown authority",
      "its registry's certificate isn't trusted",
    ],
    ["no match for platform in manifest: not found", "it isn't built for the node's platform"],
    ["429 Too Many Requests - Server message: toomanyrequests", "takes no more requests for now"],
  ])("quotes the registry: %s", (words, expected) => {
    const [line, ...more] = lines([pod({ state: waiting("ErrImagePull", wrap(words)) })])
    expect(line).toContain(`pod api-1: the image "registry.example/api:1" can't be pulled: `)
    expect(line).toContain(expected)
    expect(line).not.toContain("rpc error")
    expect(more).toEqual([])
  })

  it("quotes the newest event of the container while the next pull is pending", () => {
    const events = [
      event("Failed", `Failed to pull image "registry.example/api:1": ${wrap("old: i/o timeout")}`),
      event(
        "Failed",
        `Failed to pull image "registry.example/api:1": ${wrap("registry.example/api:1: not found")}`,
      ),
      event("Failed", `Failed to pull image "b": ${wrap("401")}`, {
        involvedObject: { kind: "Pod", name: "api-1", fieldPath: "spec.containers{proxy}" },
      }),
      event("Failed", `Failed to pull image "c": ${wrap("401")}`, { about: "api-2" }),
      event("Failed", "Error: ErrImagePull"),
    ]
    const backoff = pod({
      state: waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/api:1"'),
    })
    expect(lines([backoff], events)).toEqual([
      'pod api-1: the image "registry.example/api:1" can\'t be pulled: its registry has no such image: registry.example/api:1: not found',
    ])
    const newer = waiting(
      "ImagePullBackOff",
      `Back-off pulling image "x": ErrImagePull: ${wrap("x: not found")}`,
    )
    expect(lines([pod({ state: newer })])[0]).toMatch(/: its registry has no such image: x: not found$/)
    expect(lines([backoff])[0]).toMatch(/can't be pulled$/)
  })

  it("knows other reasons", () => {
    expect(lines([pod({ state: waiting("InvalidImageName", "x") })])[0]).toContain("has no valid name")
    expect(lines([pod({ state: waiting("ErrImageNeverPull", "x") })])[0]).toContain(
      "imagePullPolicy is Never",
    )
  })
})

describe("diagnose for an ended container", () => {
  const crashed = (terminated: ContainerState["terminated"], restarts = 3, given: Given = {}) =>
    lines([pod({ state: waiting("CrashLoopBackOff"), lastState: { terminated }, restarts, ...given })])

  it("reports the exit code and the restarts", () => {
    expect(crashed({ exitCode: 1, reason: "Error" })).toEqual([
      "pod api-1: container api ended with exit code 1, restarted 3 times",
    ])
    expect(crashed({ exitCode: 127, reason: "Error" }, 1)[0]).toContain(
      "127, its command wasn't found, restarted once",
    )
    expect(crashed({ exitCode: 3, reason: "Error", message: "no\n\tdatabase\u001b[31m" })[0]).toMatch(
      /: no database \[31m$/,
    )
    expect(crashed({ exitCode: 128, reason: "StartError", message: 'exec: "x": not found' })[0]).toContain(
      "128, StartError",
    )
    expect(crashed({ exitCode: 0, reason: "Completed" })[0]).toContain("exit code 0, restarted 3 times")
  })

  it("reports the memory limit", () => {
    const container = { resources: { limits: { memory: "64Mi" } } }
    expect(crashed({ exitCode: 137, reason: "OOMKilled" }, 2, { container })).toEqual([
      "pod api-1: container api was killed for using more memory than its limit of 64Mi (OOMKilled, exit code 137), restarted 2 times",
    ])
    expect(crashed({ exitCode: 137, reason: "OOMKilled" })[0]).toContain("more memory than there was")
  })

  it("reports an end at once, and after a restart", () => {
    expect(lines([pod({ state: { terminated: { exitCode: 2 } } })])[0]).toContain("exit code 2")
    const again = pod({
      state: { running: {} },
      lastState: { terminated: { exitCode: 2 } },
      restarts: 1,
      ready: true,
    })
    expect(diagnose([again], [])).toEqual([
      {
        cause: "restarted",
        subjects: ["pod api-1"],
        line: "pod api-1: container api ended with exit code 2, restarted once",
      },
    ])
  })

  it("includes init containers", () => {
    const init = pod()
    init.spec.initContainers = [{ name: "wait", image: "w" }]
    init.status = {
      initContainerStatuses: [
        {
          name: "wait",
          image: "w",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 9 } },
        },
      ],
      containerStatuses: [
        {
          name: "api",
          image: "a",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: waiting("PodInitializing"),
        },
      ],
    }
    expect(lines([init])).toEqual(["pod api-1: container wait ended with exit code 9"])
  })

  it("puts it behind the liveness probe that killed it, and before a probe that only failed afterwards", () => {
    const events = [
      event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", { count: 3 }),
    ]
    const of = (exitCode: number) =>
      diagnose(
        [
          pod({
            state: waiting("CrashLoopBackOff"),
            lastState: { terminated: { exitCode, reason: "Error" } },
            restarts: 1,
          }),
        ],
        events,
      ).map(({ cause }) => cause)
    expect(of(137)).toEqual(["liveness", "killed"])
    expect(of(1)).toEqual(["crash"])
  })

  it("reports nothing for a completed one", () => {
    const done = pod({
      state: { terminated: { exitCode: 0, reason: "Completed" } },
      status: { phase: "Succeeded" },
    })
    expect(lines([done])).toEqual([])
  })
})

describe("diagnose for a container without its configuration", () => {
  it.each([
    ["CreateContainerConfigError", 'secret "db" not found', 'there is no Secret "db"'],
    ["CreateContainerConfigError", 'configmap "settings" not found', 'there is no ConfigMap "settings"'],
    [
      "CreateContainerConfigError",
      "couldn't find key URL in Secret web/db",
      'the Secret "db" has no key "URL"',
    ],
    [
      "CreateContainerConfigError",
      "container has runAsNonRoot and image will run as root",
      "container has runAsNonRoot",
    ],
    ["RunContainerError", 'exec: "serve": executable file not found in $PATH', 'exec: "serve"'],
    ["CreateContainerError", undefined, "CreateContainerError"],
  ])("names the missing part: %s %s", (reason, message, expected) => {
    expect(lines([pod({ state: waiting(reason, message) })])[0]).toContain(
      `pod api-1: container api can't be made: ${expected}`,
    )
  })

  it("reports problems of volumes until it starts", () => {
    const general =
      "Unable to attach or mount volumes: unmounted volumes=[cfg], unattached volumes=[cfg]: timed out"
    const events = [
      event("FailedMount", 'MountVolume.SetUp failed for volume "cfg" : secret "tls" not found', {
        involvedObject: { kind: "Pod", name: "api-1" },
      }),
      event("FailedMount", general),
    ]
    const creating = pod({ state: waiting("ContainerCreating") })
    expect(lines([creating], events)).toEqual([
      'pod api-1: the volume "cfg" can\'t be mounted: there is no Secret "tls"',
    ])
    expect(lines([creating], events.slice(1))[0]).toContain("a volume can't be mounted: Unable")
    expect(
      lines(
        [creating],
        [event("FailedAttachVolume", 'AttachVolume.Attach failed for volume "pvc-1" : disk is in use')],
      )[0],
    ).toContain('"pvc-1" can\'t be mounted: disk is in use')
    expect(
      lines([creating], [...events, event("Started", "Started container api", { type: "Normal" })]),
    ).toEqual(["pod api-1: container api waits: ContainerCreating"])
  })

  it("reports problems of the network", () => {
    expect(
      lines(
        [pod()],
        [event("FailedCreatePodSandBox", "Failed to create pod sandbox: plugin type=bridge failed")],
      )[0],
    ).toContain("its node can't set it up")
  })
})

describe("diagnose for a pod without a node", () => {
  const homeless = (message: string, given: Given = {}) =>
    pod({
      ...given,
      status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] },
    })
  const node = (
    name: string,
    memory: string,
    conditions: NonNullable<NodeObject["status"]>["conditions"] = [],
  ): NodeObject => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    status: { allocatable: { memory, cpu: "2", pods: "110" }, conditions },
  })
  const message =
    "0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
  const container = { resources: { requests: { memory: "64Gi", cpu: "250m" } } }

  it("compares its requests with the nodes' capacity", () => {
    expect(lines([homeless(message, { container })])).toEqual([
      "pod api-1: no node takes it: it asks for 64Gi of memory, which no node has free",
    ])
    const nodes = [node("small", "8Gi"), node("big", "16Gi")]
    expect(lines([homeless(message, { container })], [], { nodes })[0]).toMatch(
      /which no node has free \(big has 16Gi in all; small has 8Gi in all\)$/,
    )
    const placed = [
      pod({ name: "a", node: "big", container: { resources: { requests: { memory: "6Gi" } } } }),
      pod({ name: "b", node: "big", container: { resources: { limits: { memory: "512Mi" } } } }),
      pod({
        name: "c",
        node: "big",
        container: { resources: { requests: { memory: "9Gi" } } },
        status: { phase: "Succeeded" },
      }),
    ]
    expect(
      lines([homeless(message, { container })], [], { nodes: [node("big", "16Gi")], placed })[0],
    ).toContain("(big has 16Gi in all, 9.5Gi of it free)")
  })

  it("adds up its containers' requests", () => {
    const more = homeless("0/1 nodes are available: 1 Insufficient cpu.", { container })
    more.spec.containers.push({ name: "proxy", image: "p", resources: { requests: { cpu: "1" } } })
    expect(lines([more])[0]).toContain("it asks for 1.25 of cpu")
    more.spec.initContainers = [{ name: "init", image: "i", resources: { requests: { cpu: "4" } } }]
    expect(lines([more])[0]).toContain("it asks for 4 of cpu")
  })

  it("reports other obstacles on nodes", () => {
    const said =
      "0/4 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: , x: y}, 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available."
    expect(nodeReasons(said)).toEqual([
      { count: 1, reason: "node(s) had untolerated taint {node.kubernetes.io/disk-pressure: , x: y}" },
      { count: 1, reason: "node(s) were unschedulable" },
      { count: 2, reason: "node(s) didn't match Pod's node affinity/selector" },
    ])
    expect(lines([homeless(said)])[0]).toContain("; 1 node(s) were unschedulable; 2 node(s) didn't match")
    expect(
      lines([homeless("0/1 nodes are available: 1 Too many pods.")], [], { nodes: [node("n", "1Gi")] })[0],
    ).toContain("no node takes one more pod (n takes 110)")
    expect(lines([homeless("no nodes available to schedule pods")])[0]).toMatch(
      /takes it: no nodes available to schedule pods$/,
    )
  })

  it("reports the conditions of nodes", () => {
    const pressed = node("n", "1Gi", [
      { type: "MemoryPressure", status: "True", message: "kubelet has insufficient memory" },
      { type: "DiskPressure", status: "False" },
      { type: "Ready", status: "Unknown", message: "Kubelet stopped posting node status." },
    ])
    expect(
      lines([pod({ node: "n" })], [], { nodes: [pressed, { ...pressed, metadata: { name: "other" } }] }),
    ).toEqual([
      "node n: MemoryPressure: kubelet has insufficient memory",
      "node n: isn't ready: Kubelet stopped posting node status",
      "pod api-1: it is pending",
    ])
    expect(lines([pod({ node: "n", ready: true })], [], { nodes: [pressed] })).toEqual([])
  })

  it("reports an eviction", () => {
    const status = {
      phase: "Failed" as const,
      reason: "Evicted",
      message: "The node was low on resource: memory.",
    }
    expect(lines([pod({ status })])).toEqual([
      "pod api-1: its node put it out: The node was low on resource: memory",
    ])
  })
})

describe("diagnose for probes", () => {
  const container = { readinessProbe: { httpGet: { path: "/ready", port: 8000 } } }
  const running = pod({ state: { running: {} }, container })

  it.each([
    [
      "Readiness probe failed: HTTP probe failed with statuscode: 503",
      "the readiness probe of container api fails: GET /ready on port 8000 answered 503 (4 times)",
    ],
    [
      'Readiness probe failed: Get "http://10.0.0.7:8000/ready": dial tcp 10.0.0.7:8000: connect: connection refused',
      "fails: nothing listens there (Get",
    ],
    [
      'Readiness probe failed: Get "http://10.0.0.7:8000/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      "GET /ready on port 8000 gave no answer in time",
    ],
    [
      'Readiness probe errored and resulted in unknown state: command "x" timed out',
      "gave no answer in time",
    ],
    [
      "Startup probe failed: cat: can't open '/tmp/up'",
      "the startup probe of container api fails: cat: can't open '/tmp/up' (4 times)",
    ],
  ])("reports the answer to a failed one: %s", (message, expected) => {
    const [line] = lines(
      [running],
      [event("Unhealthy", "Readiness probe failed: old"), event("Unhealthy", message, { count: 4 })],
    )
    expect(line).toContain(expected)
  })

  it("ignores those of ready pods", () => {
    const events = [event("Unhealthy", "Readiness probe failed: x")]
    expect(lines([pod({ state: { running: {} }, ready: true })], events)).toEqual([])
  })

  it("ignores those of an earlier pod of the same name", () => {
    const events = [
      event("Unhealthy", "Readiness probe failed: x", {
        involvedObject: { kind: "Pod", name: "api-1", uid: "other" },
      }),
    ]
    expect(lines([running], events)).toEqual(["pod api-1: container api runs, but isn't ready"])
  })
})

describe("diagnose for pods that can't be created", () => {
  it("reports them first, with the exhausted quota", () => {
    const about = { involvedObject: { kind: "ReplicaSet", name: "api-7d9f" } }
    const events = [
      event(
        "FailedCreate",
        'Error creating: pods "api-7d9f-x" is forbidden: exceeded quota: small, requested: pods=1,requests.memory=1Gi, used: pods=5,requests.memory=4Gi, limited: pods=5,requests.memory=4Gi',
        about,
      ),
      event("FailedCreate", "Error creating: old", { ...about, lastTimestamp: "2020-01-01T00:00:00Z" }),
      event(
        "FailedCreate",
        'Error creating: pods "migrate-x" is forbidden: error looking up service account web/ci: serviceaccount "ci" not found',
        { involvedObject: { kind: "Job", name: "migrate" } },
      ),
    ]
    expect(lines([pod({ state: waiting("ErrImagePull", "x: not found") })], events)).toEqual([
      'ReplicaSet api-7d9f: can\'t make pods: the quota "small" allows pods=5,requests.memory=4Gi; pods=5,requests.memory=4Gi is used, and pods=1,requests.memory=1Gi more is asked for',
      'Job migrate: can\'t make pods: error looking up service account web/ci: serviceaccount "ci" not found',
      expect.stringContaining("can't be pulled"),
    ])
  })
})

it("merges the same reason of several pods", () => {
  const state = waiting("CreateContainerConfigError", 'secret "db" not found')
  const pods = ["a", "b", "c"].map((name) => pod({ name, state }))
  expect(diagnose(pods, [])).toEqual([
    {
      cause: "configuration",
      subjects: ["pod a", "pod b", "pod c"],
      line: 'pod a and 2 more: container api can\'t be made: there is no Secret "db"',
    },
  ])
})

it.each<[string, number | undefined]>([
  ["500m", 0.5],
  ["2", 2],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["128974848", 128974848],
  ["129e6", 129e6],
  ["123M", 123e6],
  ["1E", 1e18],
  ["", undefined],
  ["much", undefined],
  ["1Xi", undefined],
])("quantity parses %j", (text, expected) => {
  if (expected === undefined) expect(quantity(text)).toBeUndefined()
  else expect(quantity(text)).toBeCloseTo(expected)
})

it("shown formats amounts", () => {
  expect([
    shown("memory", 2 ** 30),
    shown("memory", 100),
    shown("cpu", 0.25),
    shown("ephemeral-storage", 1.25 * 2 ** 20),
  ]).toEqual(["1Gi", "100", "0.25", "1.3Mi"])
})

describe("eventsThatMatter", () => {
  it("sorts warnings first, then newest first, and counts repetitions", () => {
    const at = (time: string) => ({ lastTimestamp: `2026-01-01T${time}:00Z` })
    const of = (name: string, given: Partial<Event>) => ({ involvedObject: { kind: "Pod", name }, ...given })
    const events = [
      event(
        "Scheduled",
        "Assigned web/api-6c5f9d8b7c-abcde",
        of("api-6c5f9d8b7c-abcde", { type: "Normal", ...at("09:00") }),
      ),
      event(
        "Unhealthy",
        "Readiness probe failed: dial tcp 10.0.0.7:8000",
        of("api-6c5f9d8b7c-abcde", { ...at("08:00"), count: 4 }),
      ),
      event(
        "Unhealthy",
        "Readiness probe failed: dial tcp 10.0.0.8:8000",
        of("api-6c5f9d8b7c-fghij", {
          ...at("08:05"),
          series: { count: 2, lastObservedTime: "2026-01-01T08:06:00.123456Z" },
        }),
      ),
      event("BackOff", "Back-off\nrestarting\u001b[2J", of("b", at("08:03"))),
      event("Odd", "", { ...of("c", {}), lastTimestamp: null, metadata: { name: "x" } }),
    ]
    expect(eventsThatMatter(events)).toEqual([
      "2026-01-01T08:06:00Z Warning Pod api-6c5f9d8b7c-fghij and 1 more: Unhealthy ×6: Readiness probe failed: dial tcp 10.0.0.8:8000",
      "2026-01-01T08:03:00Z Warning Pod b: BackOff: Back-off restarting [2J",
      "- Warning Pod c: Odd:",
      "2026-01-01T09:00:00Z Normal Pod api-6c5f9d8b7c-abcde: Scheduled: Assigned web/api-6c5f9d8b7c-abcde",
    ])
  })

  it("is bounded", () => {
    const events = Array.from({ length: 50 }, (_, index) => event(`Reason${index}`, "x".repeat(9_999)))
    const shown = eventsThatMatter(events, 3)
    expect(shown).toHaveLength(4)
    expect(shown[3]).toBe("… and 47 more")
    expect(Math.max(...shown.map(({ length }) => length))).toBeLessThan(420)
  })
})
