import { dag, Directory, File, func, object, Secret } from "@dagger.io/dagger"
import { type PlanAbout, seal } from "../lib/infra/sealed.js"
import { privateBytes } from "../stage/privateFiles.js"

/**
 * Plan of one environment and root.
 *
 * It reflects the time at which it was made, and is all that an apply needs.
 */
@object()
export class PlanReport {
  @func()
  environment!: string
  @func()
  root!: string
  /** Number of resources to create. */
  @func()
  add!: number
  /** Number of resources to change in place. */
  @func()
  change!: number
  /** Number of resources to destroy and create again. */
  @func()
  replace!: number
  /** Number of resources to destroy. */
  @func()
  destroy!: number
  /** Report for reviewers, without sensitive values and below 60,000 bytes. */
  @func()
  markdown!: string
  /** `plan.md`, `plan.json` (without sensitive values) and `plan.txt`, below `terraform/ENVIRONMENT/ROOT/`. */
  @func()
  files!: Directory
  /** The tool's own plan file, which contains secrets in plain text. */
  @func()
  file!: File
  /** JSON. */
  about!: string

  /**
   * The plan as an encrypted age file, which `apply` takes.
   *
   * `age -d` opens it: a line of JSON with the plan's origin, then the tool's own file. Pure.
   *
   * @param key A passphrase of 20 random characters or more, an age identity, or an age recipient, which can't apply.
   */
  @func()
  async sealed(key: Secret): Promise<File> {
    const plan = await privateBytes(this.file)
    const about = JSON.parse(this.about) as PlanAbout
    return dag.file("plan.sealed", await seal({ about, plan }, await key.plaintext()))
  }
}
