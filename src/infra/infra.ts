import { Changeset, check, Container, dag, Directory, File, func, object, Secret } from "@dagger.io/dagger"
import { runApply } from "./apply.js"
import { artifacts } from "../stage/artifacts.js"
import { create } from "../stage/create.js"
import { commentOn, pullRequestFrom } from "./comment.js"
import { readBaseline, runDrift, targetDrift, targetFiles } from "./drift.js"
import { DriftReport } from "./driftReport.js"
import { formatCommand, prepareFormat, prepareValidate, runFormat, runValidate } from "./checks.js"
import { Ledger } from "./applyLedger.js"
import { serviceOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import { type DriftGate, gateTargets } from "../lib/infra/driftGate.js"
import { chosenTargets, type InfraTarget, targetName } from "../lib/infra/roots.js"
import { serviceName } from "../lib/python/name.js"
import { MANIFESTS } from "../lib/python/project.js"
import { recorded } from "../lib/run/command.js"
import { STAGES } from "../lib/pipeline/stages.js"
import type { Run } from "../lib/run/verdict.js"
import { aboutPlan, planDescription, runPlan } from "./planStage.js"
import { mustBePlanned, planTarget, preparePlan } from "./planTarget.js"
import { PlanReport } from "./planReport.js"
import { namedSecrets } from "../stage/secrets.js"
import { mustPass, runTasks, type Task } from "../stage/stage.js"
import { dayOf } from "../stage/suppressions.js"
import { infraInputs, type InfraInputs, OUT, terraform, toolText } from "./terraform.js"
import { texts } from "../stage/texts.js"
import { inspectable } from "../stage/shell.js"

/** Target, credentials and options of the stages that reach state and provider. */
export interface InfraAccess {
  secrets: Secret[]
  environment: string
  root: string
  /** The sealed plan to apply. */
  plan?: File
  /** The key that plans are encrypted with. */
  key?: Secret
  /** JSON; empty for none. */
  pullRequest: string
  token?: Secret
  /** True if changes result in exit code 2. */
  detailed: boolean
  /** The service among several, whose comments are its own; empty for the only one. */
  service?: string
}

/**
 * Infrastructure of the service, by Terraform or OpenTofu.
 *
 * Checks the configuration, plans and applies changes, and detects drift.
 *
 * The name of a secret is the last part of its address. `TF_VAR_password` is the value of a variable, `staging.tfvars`
 * a file of variables, `TF_BACKEND` or `staging.tfbackend` a backend configuration, `AZURE_CREDENTIALS` or
 * `AZURE_CLIENT_ID` and its like log in to Azure, and any other is an environment variable of its own name. A name that
 * begins with an environment's, such as `STAGING_TF_VAR_password`, is for that environment alone. Only commands that
 * reach the state or the provider get them.
 */
@object()
export class Infra {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** The call of this module, for the commands that repeat a stage. */
  invocation!: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  secrets!: Secret[]

  /**
   * Fails for every file that `fmt` would change.
   *
   * `fix` formats them. Pure.
   */
  @func()
  @check()
  async format(): Promise<void> {
    mustPass(await runFormat(await this.unconnected()))
  }

  /**
   * Fails for an invalid root.
   *
   * That is an invalid configuration, or a lock file that is missing or doesn't match. Pure.
   */
  @func()
  @check()
  async validate(): Promise<void> {
    mustPass(await runValidate(await this.unconnected()))
  }

  /**
   * Reports of both checks: `junit/infra.xml`, `sarif/`, `logs/`.
   *
   * Never fails because of findings. Pure.
   */
  @func()
  async report(): Promise<Directory> {
    return artifacts(await runTasks(serviceOf(this).config.parallel, await this.tasks()))
  }

  /**
   * Formats every file with `fmt`.
   *
   * Nothing is written until the changeset is applied. Pure.
   */
  @func()
  async fix(): Promise<Changeset> {
    const inputs = await this.unconnected()
    if ((await inputs.formatted.glob("**/*")).length === 0) return inputs.formatted.changes(inputs.formatted)
    const { container } = prepareFormat(inputs)
    const before = container.directory(".")
    return container
      .withExec(recorded(formatCommand(inputs), inputs.config.timeout))
      .directory(".")
      .changes(before)
  }

  /**
   * Plans one environment and root.
   *
   * Waits for a locked state. Runs each time. Fails with UNKNOWN_TARGET, SEVERAL_TARGETS and PLAN_FAILED.
   *
   * @param environment The environment; may be left out where there is one.
   * @param root The root folder; may be left out where there is one.
   * @param sha The commit.
   */
  @func({ cache: "never" })
  async plan(environment = "", root = "", sha = ""): Promise<PlanReport> {
    const inputs = await this.inputs()
    const [run, tool] = [runOf(sha), await toolText(inputs.config)]
    const planned = mustBePlanned(await planTarget("plan", oneTarget(inputs, environment, root), inputs))
    const { markdown, files } = planDescription(planned, run, tool)
    const about = aboutPlan(planned, run, tool)
    const { add, change, replace, destroy } = about.counts
    return create(PlanReport, {
      environment: about.environment,
      root: about.root,
      add,
      change,
      replace,
      destroy,
      markdown,
      files,
      file: planned.container.file(`${OUT}/plan`),
      about: JSON.stringify(about),
    })
  }

  /**
   * Detects drift in one environment and root.
   *
   * Changes and locks nothing. Drift that `.slipway/drift.yaml` lists with reason, owner and expiry is known until it
   * expires. Runs each time. Fails as `plan` does, and with BASELINE.
   *
   * @param environment The environment; may be left out where there is one.
   * @param root The root folder; may be left out where there is one.
   * @param sha The commit.
   */
  @func({ cache: "never" })
  async drift(environment = "", root = "", sha = ""): Promise<DriftReport> {
    const inputs = await this.inputs()
    const { baseline, outcome } = await readBaseline(this.source)
    if (outcome !== undefined) throw fail("BASELINE", [outcome.reason])
    const target = oneTarget(inputs, environment, root)
    const planned = mustBePlanned(await planTarget("refresh", target, inputs))
    const drift = targetDrift(planned, baseline, {
      sha,
      now: dayOf(this.now),
      tool: await toolText(inputs.config),
    })
    const { verdict, items } = drift.report
    return create(DriftReport, {
      environment: target.environment,
      root: target.root,
      verdict,
      differences: items.length,
      markdown: drift.markdown,
      files: targetFiles(drift),
    })
  }

  /**
   * Plans every environment and root, and comments on the pull request.
   *
   * Each plan has a comment of its own, updated in place. Returns the outcome of each, including refusals by the host.
   * An effect: it runs each time. Fails with PULL_REQUEST.
   *
   * @param pullRequest JSON: `host` (github, gitlab or azure-devops), `api`, `project` and `number`.
   * @param token The token to write with.
   * @param sha The commit.
   */
  @func({ cache: "never" })
  async comment(pullRequest: string, token: Secret, sha = ""): Promise<string> {
    const commenting = { pullRequest: pullRequestFrom(pullRequest), token }
    const inputs = await this.inputs()
    const tool = await toolText(inputs.config)
    const plans = await Promise.all(inputs.targets.map((target) => planTarget("plan", target, inputs)))
    const said = await commentOn(
      plans.map((plan) => planDescription(plan, runOf(sha), tool)),
      commenting,
    )
    return Object.entries(said)
      .map(([name, outcome]) => `${name}: ${outcome}\n`)
      .join("")
  }

  /**
   * Applies a reviewed plan and records it in the ledger.
   *
   * An effect: it runs once for each run id. Fails with PLAN_KEY, PLAN_FILE and UNUSABLE_PLAN_KEY for a plan that can't
   * be opened, with PLAN_OUTDATED if commit, lock file, tool or state have changed since, with APPLY_REFUSED for a locked
   * state, and with NO_BACKEND.
   *
   * @param plan The sealed plan.
   * @param key The key that it was sealed with.
   * @param sha The commit.
   * @param runId Identifies the run: the same id takes effect only once.
   */
  @func({ cache: "never" })
  async apply(plan: File, key: Secret, sha: string, runId = ""): Promise<string> {
    const run = { ...runOf(sha), ...(runId !== "" && { id: runId }) }
    const stage = await runApply(await this.inputs(), { run, plan, key, service: await this.service() })
    mustPass(stage)
    return `${stage.reason}\n`
  }

  /**
   * Ledger of the applies, one JSON entry per line.
   *
   * Each entry has the hash of the one before it. Runs each time.
   */
  @func({ cache: "never" })
  async ledger(): Promise<File> {
    const { config, space } = serviceOf(this)
    const ledger = new Ledger(terraform(config), space, await this.service())
    return dag.file("ledger.jsonl", await ledger.text())
  }

  /** Tasks of the checks. Internal: not part of the API. */
  async tasks(): Promise<Task[]> {
    const inputs = await this.unconnected()
    const checks = { format: () => runFormat(inputs), validate: () => runValidate(inputs) }
    const chosen = STAGES.infra.filter((name) => inputs.config.infra.checks.includes(name))
    return chosen.map((name) => ({ name, run: checks[name] }))
  }

  /** Tasks that need credentials; with a gate, drift is that of a deployment. Internal: not part of the API. */
  connectedTasks(run: Run, access: InfraAccess, gate?: DriftGate): Record<"plan" | "drift" | "apply", Task> {
    const targets = ({ targets: all }: InfraInputs) => chosenTargets(all, access.environment, access.root)
    const { key, plan, pullRequest, token, detailed, service } = access
    const commenting =
      pullRequest !== "" && token !== undefined
        ? { pullRequest: pullRequestFrom(pullRequest), token, ...(service !== undefined && { service }) }
        : undefined
    return {
      plan: {
        name: "plan",
        run: async () => {
          const inputs = await this.inputs()
          return runPlan(inputs, { run, targets: targets(inputs), key, commenting, detailed })
        },
      },
      drift: {
        name: "drift",
        run: async () => {
          const inputs = await this.inputs()
          const options = { source: this.source, sha: run.sha, now: dayOf(this.now) }
          return gate === undefined
            ? runDrift(inputs, { ...options, targets: targets(inputs) })
            : runDrift(inputs, { ...options, targets: gateTargets(inputs.targets, gate), gate })
        },
      },
      apply: {
        name: "apply",
        run: async () => runApply(await this.inputs(), { run, plan, key, service: await this.service() }),
      },
    }
  }

  /** Container of a stage before its command, for `debug`. Internal: not part of the API. */
  async debug(
    name: "format" | "validate" | "plan" | "drift",
    environment = "",
    root = "",
  ): Promise<Container> {
    const inputs = name === "format" || name === "validate" ? await this.unconnected() : await this.inputs()
    const prepare = {
      format: () => prepareFormat(inputs),
      validate: () => prepareValidate(inputs),
      plan: () => preparePlan("plan", firstTarget(inputs, environment, root), inputs),
      drift: () => preparePlan("refresh", firstTarget(inputs, environment, root), inputs),
    }
    const { container, command } = await prepare[name]()
    return inspectable(container, command)
  }

  private async inputs(): Promise<InfraInputs> {
    const named = await namedSecrets(this.secrets)
    const addresses = await Promise.all(
      this.secrets.map(async (secret, index) => (await secret.uri()) || `env://${named[index]?.name ?? ""}`),
    )
    return infraInputs(serviceOf(this), named, addresses)
  }

  /** Inputs without secrets, so that results are cached whatever those are. */
  private unconnected(): Promise<InfraInputs> {
    return infraInputs(serviceOf(this), [])
  }

  private async service(): Promise<string> {
    const { name } = serviceOf(this).config
    return serviceName(await texts(this.source, MANIFESTS), name) ?? "service"
  }
}

function oneTarget({ targets }: InfraInputs, environment: string, root: string): InfraTarget {
  const [first, ...others] = chosenTargets(targets, environment, root)
  if (first === undefined) throw fail("UNKNOWN_TARGET", [environment, root, []])
  if (others.length > 0) throw fail("SEVERAL_TARGETS", [[first, ...others].map(targetName)])
  return first
}

function firstTarget({ targets }: InfraInputs, environment: string, root: string): InfraTarget {
  const [first] = chosenTargets(targets, environment, root)
  if (first === undefined) throw fail("UNKNOWN_TARGET", [environment, root, []])
  return first
}

function runOf(sha: string): Run {
  const startedAt = new Date().toISOString()
  return { id: startedAt, event: "manual", ref: "", sha, startedAt }
}
