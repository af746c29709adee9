import { describe, expect, it } from "vitest"
import { engineVariables, garbageCollection } from "../../../dagger/kit/engine/variables.js"

const NAMES = [
  ...["PATH", "HOME", "LANG", "LC_ALL", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"],
  ...["GOPROXY", "GOFLAGS", "PIP_INDEX_URL", "npm_config_registry", "JAVA_TOOL_OPTIONS", "TMPDIR"],
]
const SECRETS = [
  ...["KUBECONFIG", "PRODUCTION_KUBECONFIG", "DATABASE_URL", "COSIGN_PASSWORD", "REGISTRY_PASSWORD"],
  ...[
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
  ],
  ...["SLIPWAY_PLAN_KEY", "TF_VAR_password", "AZURE_CREDENTIALS", "PATH_TOKEN", "MY_HTTP_PROXY_PASSWORD"],
]

describe("the engine's environment", () => {
  it.each(NAMES)("has %s", (name) => {
    expect(engineVariables({ [name]: "x" })).toEqual({ [name]: "x" })
  })

  it.each(SECRETS)("has no %s", (name) => {
    expect(engineVariables({ [name]: "x" })).toEqual({})
  })
})

it("the engine's heap may grow further on a machine with more memory", () => {
  expect([4e9, 8e9, 16e9, 64e9].map(garbageCollection)).toEqual(["100", "200", "300", "300"])
})
