import { expect, test } from "vitest"
import type { DeploymentObject } from "../../../src/lib/kube/objects.js"
import { migrationJob, type MigrationJobOptions } from "../../../src/lib/migration/job.js"

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "api" },
  spec: {
    selector: { matchLabels: { app: "api" } },
    template: {
      metadata: { labels: { app: "api" }, annotations: { a: "b" } },
      spec: {
        automountServiceAccountToken: false,
        serviceAccountName: "api",
        imagePullSecrets: [{ name: "pull" }],
        securityContext: { runAsNonRoot: true },
        topologySpreadConstraints: [{ maxSkew: 1 }],
        restartPolicy: "Always",
        initContainers: [
          {
            name: "wait",
            image: "busybox",
            command: ["true"],
            volumeMounts: [{ name: "waits", mountPath: "/w" }],
          },
          { name: "proxy", image: "sql-proxy", restartPolicy: "Always" },
        ],
        containers: [
          { name: "log", image: "logs" },
          {
            name: "api",
            image: "old",
            command: ["uvicorn"],
            args: ["app"],
            ports: [{ containerPort: 8000 }],
            env: [
              { name: "DATABASE_URL", value: "postgresql://old" },
              { name: "LOG_LEVEL", value: "INFO" },
            ],
            envFrom: [{ secretRef: { name: "api" } }],
            livenessProbe: { httpGet: { port: 8000 } },
            readinessProbe: { httpGet: { port: 8000 } },
            lifecycle: { preStop: {} },
            resources: { limits: { memory: "512Mi" } },
            securityContext: { readOnlyRootFilesystem: true },
            volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
          },
        ],
        volumes: [
          { name: "tmp", emptyDir: {} },
          { name: "waits", emptyDir: {} },
        ],
      },
    },
  },
} as unknown as DeploymentObject

const URL = "postgresql://user:p&ss@db/app"
const options: MigrationJobOptions = {
  runId: "https://ci.example.com/runs/4711",
  namespace: "production",
  deployment,
  container: "api",
  image: "registry.example.com/api@sha256:0123",
  url: URL,
  command: "alembic upgrade $(cat head)",
  script: "print('$(HOME)')",
}

test("migrationJob runs the service's container without its serving parts", () => {
  const { job, secret } = migrationJob(options)
  const name = "slipway-migrate-" + /[0-9a-f]{16}$/.exec(job.metadata.name)?.[0]
  expect(job.metadata).toMatchObject({ name, namespace: "production" })
  expect(job.spec).toMatchObject({
    backoffLimit: 0,
    activeDeadlineSeconds: 1215,
    ttlSecondsAfterFinished: 86400,
  })
  expect(job.spec.template.spec).toEqual({
    automountServiceAccountToken: false,
    serviceAccountName: "api",
    imagePullSecrets: [{ name: "pull" }],
    securityContext: { runAsNonRoot: true },
    restartPolicy: "Never",
    initContainers: [{ name: "proxy", image: "sql-proxy", restartPolicy: "Always" }],
    volumes: [{ name: "tmp", emptyDir: {} }],
    containers: [
      {
        name: "migrate",
        image: "registry.example.com/api@sha256:0123",
        command: ["python"],
        args: [
          "-c",
          "print('$$(HOME)')",
          "--variable=DATABASE_URL",
          "--run=https://ci.example.com/runs/4711",
          "--timeout=600",
          "--lock-timeout=300",
          "--connect-timeout=15",
          "--",
          "alembic upgrade $$(cat head)",
        ],
        env: [
          { name: "LOG_LEVEL", value: "INFO" },
          { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name, key: "DATABASE_URL" } } },
        ],
        envFrom: [{ secretRef: { name: "api" } }],
        resources: { limits: { memory: "512Mi" } },
        securityContext: { readOnlyRootFilesystem: true },
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
    ],
  })
  expect(secret).toMatchObject({ metadata: { name, namespace: "production" }, type: "Opaque" })
})

test("migrationJob has a pod that no Service selects", () => {
  const { job } = migrationJob(options)
  expect(job.spec.template.metadata?.labels).toEqual({
    "app.kubernetes.io/managed-by": "slipway",
    "slipway.dev/run": "https-ci.example.com-runs-4711",
  })
})

test("migrationJob puts the URL into the Secret only", () => {
  const { job, secret } = migrationJob({ ...options, annotations: { "slipway.dev/commit": "0123" } })
  expect(Buffer.from(secret.data?.DATABASE_URL ?? "", "base64").toString()).toBe(URL)
  const text = JSON.stringify(job)
  for (const form of ["p&ss", "db/app", secret.data?.DATABASE_URL]) expect(text).not.toContain(form)
  expect(job.metadata.annotations).toEqual({ "slipway.dev/commit": "0123" })
})

test("migrationJob accepts another variable and other limits, and takes the first container by default", () => {
  const { job } = migrationJob({
    ...options,
    container: "",
    variable: "PG_URL",
    timeout: 60,
    lockTimeout: 30,
    keptSeconds: 5,
  })
  const [container] = job.spec.template.spec.containers
  expect(container?.env).toEqual([
    { name: "PG_URL", valueFrom: { secretKeyRef: { name: job.metadata.name, key: "DATABASE_URL" } } },
  ])
  expect(container?.args).toContain("--variable=PG_URL")
  expect(container?.args).toContain("--timeout=60")
  expect(job.spec).toMatchObject({ activeDeadlineSeconds: 405, ttlSecondsAfterFinished: 5 })
})

test("migrationJob has a name for each run, the same each time", () => {
  const name = (runId: string) => migrationJob({ ...options, runId }).job.metadata.name
  expect(name("1")).toBe(name("1"))
  expect(name("1")).not.toBe(name("2"))
})
