import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { initialSettings } from "../../../src/lib/init/initialSettings.js"
import { without } from "../../../src/lib/text/json.js"
import { settingsBeside, initText } from "../../../src/lib/init/render.js"

const ORIGIN = "https://github.com/team/shop"

/** What is written for these files, and asked; each file that is written is a valid one. */
function written(texts: Record<string, string>, defaultBranch = "main") {
  const { files, questions } = initialSettings({
    paths: Object.keys(texts),
    texts,
    origin: ORIGIN,
    defaultBranch,
  })
  const settings = Object.fromEntries(
    files.map(({ path, settings }) => {
      const text = initText(settings)
      parseConfig(text)
      return [path, text.split("\n").slice(1, -1)]
    }),
  )
  return { settings, root: settings["slipway.yaml"] ?? [], asked: questions.map(({ key }) => key), questions }
}

const PYPROJECT = '[project]\nname = "shop"\nversion = "1"\n'
const DOCKERFILE = "FROM python:3.12\nCOPY . .\nRUN pip install .\n"
const SERVICE = {
  "pyproject.toml": PYPROJECT,
  Dockerfile: DOCKERFILE,
  "shop/app.py": "",
  "tests/integration/test_a.py": "",
}

const workflow = (job: string) =>
  `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n${job.replace(/^/gm, "    ")}`

describe("initialSettings of one service", () => {
  it("are none where the defaults are right", () => {
    const compose = "services:\n  db:\n    image: postgres:15-alpine\n  cache:\n    image: redis:7\n"
    const health = `${DOCKERFILE}HEALTHCHECK CMD curl -f http://localhost:8000/health\n`
    expect(written({ ...SERVICE, Dockerfile: health, "compose.yaml": compose })).toMatchObject({
      settings: {},
      asked: [],
    })
  })

  it("have the services that CI starts for the tests, before those of Compose", () => {
    const job = [
      "services:",
      "  db:",
      "    image: postgres:16.2",
      "  queue:",
      "    image: rabbitmq:3.13-management",
      "env:",
      "  DATABASE_URI: postgresql+asyncpg://u:p@localhost/shop",
      "  BROKER: amqp://localhost",
      "steps:",
      "  - run: pytest",
    ].join("\n")
    const compose = "services:\n  cache:\n    image: mysql:5.7\n"
    const { root, asked } = written({
      ...SERVICE,
      ".github/workflows/ci.yml": workflow(job),
      "compose.yaml": compose,
    })
    expect(root).toEqual([
      "tests:",
      "  services:",
      "    postgres: # .github/workflows/ci.yml:7: started for the tests",
      "    rabbitmq: { image: rabbitmq:3.13-management, variable: BROKER } # .github/workflows/ci.yml:9: its version; .github/workflows/ci.yml:12: the variable with its URL",
      "  postgres:",
      '    version: "16.2" # .github/workflows/ci.yml:7: its version',
      "    variable: DATABASE_URI # .github/workflows/ci.yml:11: the variable with its URL",
      "    scheme: postgresql+asyncpg # .github/workflows/ci.yml:11: its URL's scheme",
    ])
    expect(asked).toEqual([])
  })

  it("have the services of Compose, unless CI tests without any", () => {
    const compose =
      "x: &db\n  image: ${REGISTRY:-docker.io}/library/postgres:${PG:-17}\nservices:\n  db:\n    <<: *db\n"
    const files = { ...SERVICE, "compose.yaml": compose }
    expect(written(files).root.slice(1)).toEqual([
      "  services: [postgres] # compose.yaml:2: started by Compose",
      "  postgres:",
      '    version: "17" # compose.yaml:2: its version',
    ])
    const without = { ".gitlab-ci.yml": "test:\n  script:\n    - pytest\n" }
    expect(written({ ...files, ...without }).settings).toEqual({})
  })

  it("ask which tests need the services if none is an integration test", () => {
    const others = without(SERVICE, "tests/integration/test_a.py")
    const gitlab = "test:\n  services: [{ name: 'mariadb:11.8' }]\n  script:\n    - pytest\n"
    const files = { ...others, "tests/test_a.py": "", ".gitlab-ci.yml": gitlab }
    expect(written(files)).toMatchObject({
      root: ["tests:", "  services: [mariadb] # .gitlab-ci.yml:2: started for the tests"],
      asked: ["tests.integration.paths"],
    })
    expect(written({ ...files, "manage.py": "import django" }).asked).toEqual([])
  })

  it("have a threshold of coverage that is lower than the default, and ask about a higher one", () => {
    const coverage = (least: number) => ({
      ...SERVICE,
      ".coveragerc": `[report]\nshow_missing = true\nfail_under = ${least}\n`,
    })
    expect(written(coverage(65.5)).root).toEqual([
      "tests:",
      "  coverage:",
      "    above: 65 # .coveragerc:3: the project's own threshold",
    ])
    expect(written(coverage(95))).toMatchObject({ settings: {}, asked: ["tests.coverage.above"] })
    const pytest = `${PYPROJECT}[tool.pytest.ini_options]\naddopts = "--cov --cov-fail-under=70"\n`
    expect(written({ ...coverage(95), "pyproject.toml": pytest }).root[2]).toBe(
      "    above: 70 # pyproject.toml:5: the project's own threshold",
    )
  })

  it("have the Dockerfile that CI publishes, its registry, and its health check", () => {
    const job = [
      "env: { IMAGE: 'ghcr.io/${{ github.repository }}-api' }",
      "steps:",
      "  - uses: docker/build-push-action@v6",
      "    with:",
      "      file: docker/prod/Dockerfile",
      "      push: true",
      "      tags: |",
      "        ${{ env.IMAGE }}:${{ github.sha }}",
    ].join("\n")
    const dockerfile = `FROM python:3.12 AS base\nHEALTHCHECK --interval=5s \\\n  CMD ["curl", "http://localhost:8000/livez/"]\nFROM base\n`
    const { root } = written({
      ...SERVICE,
      "docker/prod/Dockerfile": dockerfile,
      ".github/workflows/release.yml": workflow(job),
    })
    expect(root).toEqual([
      "image:",
      "  dockerfile: docker/prod/Dockerfile # .github/workflows/release.yml:9: the Dockerfile that is built",
      "  health: /livez/ # docker/prod/Dockerfile:2: HEALTHCHECK",
      "release:",
      "  registry: ghcr.io # .github/workflows/release.yml:12: where CI publishes the image",
      "  repository: team/shop-api # .github/workflows/release.yml:12: where CI publishes the image",
    ])
  })

  it("ask about a registry that only a variable of CI knows, and about several images", () => {
    const unknown = "deploy:\n  script:\n    - docker push $ACR/shop:$CI_COMMIT_SHA\n"
    expect(written({ ...SERVICE, ".gitlab-ci.yml": unknown })).toMatchObject({
      settings: {},
      asked: ["release.registry"],
    })
    const two =
      "deploy:\n  script:\n    - docker push ghcr.io/team/shop\n    - docker push quay.io/team/shop:1\n"
    expect(written({ ...SERVICE, ".gitlab-ci.yml": two })).toMatchObject({
      settings: {},
      asked: ["release.registry"],
    })
  })

  it("have the folders of kustomizations, and the readiness probe of their Deployment", () => {
    const deployment = [
      "kind: Deployment",
      "metadata: { name: shop }",
      "spec:",
      "  template:",
      "    spec:",
      "      containers:",
      "        - image: registry.example.com/web/shop:1.0",
      "          readinessProbe:",
      "            httpGet: { path: /ready, port: 8000 }",
    ].join("\n")
    const files = { ...SERVICE, "k8s/base/deployment.yaml": deployment, "k8s/base/kustomization.yaml": "" }
    expect(written({ ...files, "k8s/envs/staging/kustomization.yaml": "" }).root).toEqual([
      "image:",
      "  health: /ready # k8s/base/deployment.yaml:9: the readiness probe",
      "release:",
      "  registry: registry.example.com # k8s/base/deployment.yaml:7: the image that is deployed",
      "  repository: web/shop # k8s/base/deployment.yaml:7: the image that is deployed",
      "deploy:",
      "  overlay: k8s/envs/{environment} # k8s/envs/staging: the only kustomization of an environment",
      "  environments: [staging] # k8s/envs/staging: the only kustomization of an environment",
    ])
    expect(written(files).asked).toEqual(["deploy.overlay"])
    const usual = Object.fromEntries(
      ["staging", "production"].map((name) => [`deploy/overlays/${name}/kustomization.yml`, ""]),
    )
    expect(written({ ...SERVICE, ...usual }).settings).toEqual({})
  })

  it("have the environments of other names that have a kustomization each, in the usual order", () => {
    const folders = ["prod", "dev", "base"].map((name) => [
      `kustomize/overlays/${name}/kustomization.yaml`,
      "",
    ])
    const of = "kustomize/overlays/dev and kustomize/overlays/prod: the kustomizations"
    expect(written({ ...SERVICE, ...(Object.fromEntries(folders) as Record<string, string>) }).root).toEqual([
      "deploy:",
      `  overlay: kustomize/overlays/{environment} # ${of}`,
      `  environments: [dev, prod] # ${of}, in the usual order of promotion`,
    ])
    const without = written({ ...SERVICE, "k8s/eu/kustomization.yaml": "" })
    expect(without).toMatchObject({ settings: {}, asked: ["deploy.overlay"] })
  })

  it("have the only chart of Helm, with values for each environment", () => {
    const chart = {
      "charts/shop/Chart.yaml": "name: shop\n",
      "charts/shop/charts/db/Chart.yaml": "name: db\n",
    }
    const path = "    path: charts/shop # charts/shop/Chart.yaml: the only chart of Helm"
    expect(written({ ...SERVICE, ...chart }).root).toEqual(["deploy:", "  chart:", path])
    const values = Object.fromEntries(
      ["staging", "production"].map((name) => [`charts/shop/values-${name}.yaml`, "replicaCount: 2\n"]),
    )
    expect(written({ ...SERVICE, ...chart, ...values }).root).toEqual([
      "deploy:",
      "  chart:",
      path,
      '    values: ["charts/shop/values-{environment}.yaml"] # charts/shop/values-{environment}.yaml: one for each environment',
    ])
    const others = Object.fromEntries(
      ["prod", "qa"].map((name) => [`charts/shop/values.${name}.yaml`, "replicaCount: 2\n"]),
    )
    expect(written({ ...SERVICE, ...chart, ...others }).root.slice(3)).toEqual([
      '    values: ["charts/shop/values.{environment}.yaml"] # charts/shop/values.{environment}.yaml: one for each environment',
      "  environments: [qa, prod] # charts/shop/values.{environment}.yaml: those with one, in the usual order of promotion",
    ])
    const two = { ...SERVICE, ...chart, "charts/worker/Chart.yaml": "name: worker\n" }
    expect(written(two)).toMatchObject({ settings: {}, asked: ["deploy.chart"] })
    const kustomized = { "deploy/overlays/staging/kustomization.yaml": "" }
    expect(written({ ...SERVICE, ...chart, ...kustomized }).root.join()).not.toContain("chart")
  })

  it("have OpenTofu where the lock says so, unless CI runs Terraform", () => {
    const files = {
      ...SERVICE,
      "infra/main.tf": "",
      "infra/.terraform.lock.hcl": '# x\nprovider "registry.opentofu.org/hashicorp/aws" {}\n',
    }
    expect(written(files).root).toEqual([
      "infra:",
      "  tool: opentofu # infra/.terraform.lock.hcl:2: OpenTofu",
    ])
    const ci = { ".gitlab-ci.yml": "plan:\n  script: [terraform plan]\n" }
    expect(written({ ...files, ...ci })).toMatchObject({ settings: {}, asked: ["infra.tool"] })
  })

  it("have the port of a Procfile without a Dockerfile, and the default branch", () => {
    const procfile = { Procfile: "web: gunicorn -b 0.0.0.0:5000 shop.app\n" }
    const files = { ...without(SERVICE, "Dockerfile"), ...procfile }
    expect(written(files, "master").root).toEqual([
      "image:",
      "  port: 5000 # Procfile:1: the port of `web`",
      "branches:",
      "  main: master # git: the repository's default branch",
    ])
  })

  it("ask where a file has a value that Slipway doesn't take", () => {
    expect(written(SERVICE, "feature/odd")).toMatchObject({ settings: {}, asked: ["branches.main"] })
  })

  it("keep a file's name on its line", () => {
    const compose = { "compose\nname: forged\n.yaml": "services:\n  db:\n    image: postgres:17\n" }
    expect(written({ ...SERVICE, ...compose }).root.join("\n")).toContain("compose\\nname: forged\\n.yaml:3")
  })

  it("survive files that are none of their kind", () => {
    const odd = "{{ if .Values }}\nkind: Deployment\n: [\n"
    const files = {
      "compose.yaml": odd,
      ".github/workflows/a.yml": odd,
      "k8s/a.yaml": odd,
      "pyproject.toml": "[",
      ".gitlab-ci.yml": "- a",
    }
    expect(written({ ...files, "a.py": "" }).settings).toEqual({})
  })
})

describe("initialSettings of several services", () => {
  const FILES = {
    "services/api/pyproject.toml": PYPROJECT,
    "services/api/Dockerfile": `${DOCKERFILE}HEALTHCHECK CMD curl http://127.0.0.1/up\n`,
    "services/api/a.py": "",
    "services/worker/Dockerfile": DOCKERFILE,
    "services/worker/requirements.txt": "celery\n",
    "libs/core/pyproject.toml": PYPROJECT,
    "tests/fake/pyproject.toml": PYPROJECT,
    "tests/fake/Dockerfile": DOCKERFILE,
    "web/package.json": "{}",
    "web/Dockerfile": "FROM node\n",
  }

  it("name the folders with a project and a Dockerfile, and settings in each folder", () => {
    const { settings, questions } = written(FILES)
    expect(settings).toEqual({
      "slipway.yaml": [
        "services:",
        "  api: services/api # services/api/pyproject.toml and Dockerfile",
        "  worker: services/worker # services/worker/requirements.txt and Dockerfile",
      ],
      "services/api/slipway.yaml": ["image:", "  health: /up # services/api/Dockerfile:4: HEALTHCHECK"],
    })
    expect(questions).toEqual([
      { key: "services", text: expect.stringMatching(/no service requires it: libs\/core\./) as string },
    ])
  })

  it("leave out a library that a service requires, and each service's own registry goes to its file", () => {
    const required = { ...FILES, "services/worker/requirements.txt": "-e ../../libs/core\n" }
    const job = "steps:\n  - run: docker build --push -t quay.io/team/api-server:1 services/api"
    const { settings, asked } = written({ ...required, ".github/workflows/ci.yml": workflow(job) })
    expect(asked).toEqual([])
    expect(settings["services/api/slipway.yaml"]?.slice(2)).toEqual([
      "release:",
      "  registry: quay.io # .github/workflows/ci.yml:6: where CI publishes the image",
      "  repository: team/api-server # .github/workflows/ci.yml:6: where CI publishes the image",
    ])
  })

  it("are one service's where the root has a Dockerfile of its own", () => {
    expect(written({ ...FILES, ...SERVICE }).settings).toEqual({})
  })
})

it("settingsBeside leaves out what the file has", () => {
  const setting = (...key: string[]) => ({ key, value: "x", reason: "y" })
  const all = [
    setting("tests", "services", "mysql"),
    setting("tests", "postgres", "version"),
    setting("image", "health"),
  ]
  const left = settingsBeside("tests: { services: [redis] }\nimage: { health: /up }\n", all)
  expect(left.map(({ key }) => key.join("."))).toEqual(["tests.postgres.version"])
})

it("initialSettings knows the versions of services that docs/tests.md has", () => {
  const page = readFileSync(join(resolve(import.meta.dirname, "../../.."), "docs/tests.md"), "utf8")
  const images = [...page.matchAll(/^\| `\w+` +\| `(\w+:[\d.]+)`/gm)].map(([, image = ""]) => image)
  expect(images).toHaveLength(6)
  const services = images.map((image, index) => `  s${index}:\n    image: ${image}\n`)
  const { root } = written({ ...SERVICE, "compose.yaml": `services:\n${services.join("")}` })
  expect(root).toEqual([
    "tests:",
    expect.stringMatching(/^ {2}services: \[postgres, redis, mysql, mariadb, mongodb, rabbitmq\]/),
  ])
})
