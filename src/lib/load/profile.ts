/** Load profile: the number of users over time, and the limits that the service must keep. */
import { type Environment, lastEnvironment } from "../config/environments.js"
import { Ramp } from "../config/load.js"
import { fail } from "../errors/catalogue.js"

/** Kinds of load tests, by the names of their stages. */
export const KINDS = ["load", "stress"] as const

export type Kind = (typeof KINDS)[number]

export interface Profile {
  kind: Kind
  ramps: readonly Ramp[]
  /** Limit of the 95th percentile of response times, in milliseconds. */
  p95: number
  /** Limit of failed requests, in per cent. */
  errors: number
  /** Minimum number of complete iterations of the script. */
  iterations: number
  /** Number of users that the service must handle before it breaks; only for stress tests. */
  minimumUsers?: number
  /** True for a test that stops once the service breaks: production's users would bear the rest of it. */
  stops?: true
  /** Factor of the durations. */
  scale: number
  /** Per cent of the users that the settings have for all environments. */
  percent: number
}

type Settings = { readonly iterations: number } & Readonly<
  Record<
    Kind,
    {
      readonly ramps: readonly Ramp[]
      readonly p95: number
      readonly errors: number
      readonly minimumUsers?: number
      readonly percent?: Readonly<Record<Environment, number>>
    }
  >
>

/** The settings of a profile: the last environment is the one with users of its own. */
interface ProfileSettings {
  readonly load: Settings
  readonly deploy: Parameters<typeof lastEnvironment>[0]
}

/**
 * Returns the profile of a kind for an environment, with durations and minimum iterations scaled, and as many users as
 * are safe there. Fails with INVALID_SCALE.
 */
export function profileOf(
  kind: Kind,
  { load: settings, deploy }: ProfileSettings,
  scale: number,
  environment: Environment,
): Profile {
  if (!(scale > 0 && scale <= 1)) throw fail("INVALID_SCALE", [String(scale)])
  const { ramps, p95, errors, minimumUsers, percent: shares } = settings[kind]
  const percent = shares?.[environment] ?? 100
  return {
    kind,
    scale,
    percent,
    p95,
    errors,
    ...(minimumUsers !== undefined && { minimumUsers }),
    ...(kind === "stress" && environment === lastEnvironment(deploy) && { stops: true }),
    ramps: ramps.map(({ seconds, users }) => ({
      seconds: seconds * scale,
      users: Math.ceil((users * percent) / 100),
    })),
    iterations: Math.max(1, Math.ceil(settings.iterations * scale)),
  }
}

export const secondsOf = ({ ramps }: Pick<Profile, "ramps">): number =>
  ramps.reduce((sum, { seconds }) => sum + seconds, 0)

export const mostUsers = ({ ramps }: Pick<Profile, "ramps">): number =>
  Math.max(...ramps.map(({ users }) => users))

/**
 * Options of k6 that replace a script's own scenarios. In milliseconds, since a scaled ramp may be that short.
 *
 * A script's `vus` would else remain, as the number of users that the first ramp begins with.
 */
export const rampArguments = ({ ramps }: Pick<Profile, "ramps">): string[] => [
  "--vus=1",
  ...ramps.map(({ seconds, users }) => `--stage=${Math.max(1, Math.round(seconds * 1000))}ms:${users}`),
]

/** Describes the profile in words. */
export const profileText = (profile: Profile): string => {
  const length = secondsOf(profile)
  const time = length >= 120 ? `${Math.round(length / 6) / 10} min` : `${Math.round(length * 10) / 10} s`
  const scaled = profile.scale < 1 ? `, shortened to ${profile.scale} of its length` : ""
  const part = profile.percent < 100 ? `, with ${profile.percent} % of its users` : ""
  return `up to ${mostUsers(profile)} users in ${time}${part}${scaled}`
}
