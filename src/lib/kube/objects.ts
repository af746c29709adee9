/** Name and namespace of a Kubernetes object. All types here have only the fields that Slipway uses. */
export interface Meta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  creationTimestamp?: string
  deletionTimestamp?: string
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
}

/** The fields that one client set. */
export interface ManagedFields {
  manager?: string
  operation?: string
  subresource?: string
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Meta
}

export interface ObjectKind {
  apiVersion: string
  kind: string
}

export const DEPLOYMENT: ObjectKind = { apiVersion: "apps/v1", kind: "Deployment" }
export const REPLICA_SET: ObjectKind = { apiVersion: "apps/v1", kind: "ReplicaSet" }
export const STATEFUL_SET: ObjectKind = { apiVersion: "apps/v1", kind: "StatefulSet" }
export const DAEMON_SET: ObjectKind = { apiVersion: "apps/v1", kind: "DaemonSet" }
export const HORIZONTAL_POD_AUTOSCALER: ObjectKind = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
}
export const POD: ObjectKind = { apiVersion: "v1", kind: "Pod" }
export const SERVICE: ObjectKind = { apiVersion: "v1", kind: "Service" }
export const ENDPOINT_SLICE: ObjectKind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" }
export const JOB: ObjectKind = { apiVersion: "batch/v1", kind: "Job" }
export const CRON_JOB: ObjectKind = { apiVersion: "batch/v1", kind: "CronJob" }
export const EVENT: ObjectKind = { apiVersion: "v1", kind: "Event" }
export const LEASE: ObjectKind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" }
export const CONFIG_MAP: ObjectKind = { apiVersion: "v1", kind: "ConfigMap" }
export const SECRET: ObjectKind = { apiVersion: "v1", kind: "Secret" }
export const NAMESPACE: ObjectKind = { apiVersion: "v1", kind: "Namespace" }
export const NODE: ObjectKind = { apiVersion: "v1", kind: "Node" }

export interface Condition {
  type: string
  status: "True" | "False" | "Unknown"
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
}

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: {
    secretKeyRef?: { name: string; key: string; optional?: boolean }
    configMapKeyRef?: { name: string; key: string; optional?: boolean }
    fieldRef?: { fieldPath: string }
  }
}

export interface Probe {
  httpGet?: { path?: string; port: number | string; scheme?: string }
  tcpSocket?: { port: number | string }
  exec?: { command?: string[] }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export interface Container {
  name: string
  image: string
  imagePullPolicy?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: { prefix?: string; secretRef?: { name: string }; configMapRef?: { name: string } }[]
  ports?: { name?: string; containerPort: number; protocol?: string }[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  readinessProbe?: Probe
  livenessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: unknown
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[]
  securityContext?: Record<string, unknown>
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: ({ name: string } & Record<string, unknown>)[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  restartPolicy?: string
  serviceAccountName?: string
  imagePullSecrets?: { name: string }[]
  securityContext?: Record<string, unknown>
  terminationGracePeriodSeconds?: number
  activeDeadlineSeconds?: number
}

export interface PodTemplate {
  metadata?: Partial<Meta>
  spec: PodSpec
}

export interface DeploymentObject extends KubeObject {
  spec: {
    replicas?: number
    paused?: boolean
    minReadySeconds?: number
    progressDeadlineSeconds?: number
    revisionHistoryLimit?: number
    selector: LabelSelector
    strategy?: {
      type?: string
      rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string }
    }
    template: PodTemplate
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    conditions?: Condition[]
  }
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas?: number; minReadySeconds?: number; selector: LabelSelector; template: PodTemplate }
  status?: {
    observedGeneration?: number
    replicas: number
    readyReplicas?: number
    availableReplicas?: number
    conditions?: Condition[]
  }
}

export interface Terminated {
  exitCode: number
  signal?: number
  reason?: string
  message?: string
  startedAt?: string
  finishedAt?: string
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string }
  running?: { startedAt?: string }
  terminated?: Terminated
}

export interface ContainerStatus {
  name: string
  ready: boolean
  started?: boolean
  restartCount: number
  image: string
  /** The running image, by its digest: `docker.io/library/redis@sha256:…`. */
  imageID: string
  state?: ContainerState
  lastState?: ContainerState
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status?: {
    phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown"
    reason?: string
    message?: string
    podIP?: string
    hostIP?: string
    startTime?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}

export interface ServicePort {
  name?: string
  protocol?: string
  port: number
  targetPort?: number | string
  nodePort?: number
  appProtocol?: string
}

export interface ServiceObject extends KubeObject {
  spec: {
    type?: string
    selector?: Record<string, string>
    ports?: ServicePort[]
    clusterIP?: string
    clusterIPs?: string[]
    publishNotReadyAddresses?: boolean
  }
  status?: unknown
}

export interface EndpointSlice extends KubeObject {
  addressType: string
  endpoints?: {
    addresses: string[]
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
    targetRef?: { kind?: string; name?: string; namespace?: string; uid?: string }
    nodeName?: string
  }[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}

export interface Job extends KubeObject {
  spec: {
    template: PodTemplate
    backoffLimit?: number
    activeDeadlineSeconds?: number
    ttlSecondsAfterFinished?: number
    completions?: number
    parallelism?: number
    suspend?: boolean
  }
  status?: {
    active?: number
    succeeded?: number
    failed?: number
    startTime?: string
    completionTime?: string
    conditions?: Condition[]
  }
}

/** Event of the core API; the newer API's fields are the `series` and `eventTime` here. */
export interface Event extends KubeObject {
  involvedObject: {
    apiVersion?: string
    kind?: string
    name?: string
    namespace?: string
    uid?: string
    fieldPath?: string
  }
  type?: "Normal" | "Warning"
  reason?: string
  message?: string
  count?: number
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  eventTime?: string | null
  series?: { count?: number; lastObservedTime?: string }
  source?: { component?: string; host?: string }
  reportingComponent?: string
}

export interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    leaseTransitions?: number
    acquireTime?: string
    renewTime?: string
  }
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  immutable?: boolean
}

export interface Secret extends KubeObject {
  type?: string
  /** Base64. */
  data?: Record<string, string>
  /** Plain text; only ever sent. */
  stringData?: Record<string, string>
  immutable?: boolean
}

export interface NodeObject extends KubeObject {
  spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] }
  status?: {
    allocatable?: Record<string, string>
    capacity?: Record<string, string>
    conditions?: Condition[]
    addresses?: { type: string; address: string }[]
    nodeInfo?: { architecture?: string; operatingSystem?: string; kubeletVersion?: string }
  }
}
