import { DEFAULTS } from "../config/config.js"
import { splitImage, splitTag } from "../image/reference.js"
import { KNOWN_SERVICES } from "../config/tests.js"
import { type KnownService, serviceDefinitions } from "../testing/services.js"
import type { PlacedVariable } from "./compose.js"
import {
  asking,
  type InitFindings,
  type InitSetting,
  joinFindings,
  NOTHING,
  type PlacedText,
  placeText,
  placeTexts,
  valueText,
  oneAnswer,
} from "./findings.js"
import type { DescribedRepository } from "./repositoryView.js"

/** The services that a file starts for the tests, and the variables beside them. */
interface ServiceEvidence {
  /** Images of known services. */
  images: readonly {
    known: KnownService
    image: PlacedText
    name: string
    tag: string
    isOfficial: boolean
  }[]
  variables: readonly PlacedVariable[]
  /** What starts them, for people. */
  says: string
}

const BY_CI = "started for the tests"

/** Official images, and others that take their place with the same settings. */
const IMAGES: Readonly<Record<string, KnownService>> = {
  "library/postgres": "postgres",
  "postgis/postgis": "postgres",
  "pgvector/pgvector": "postgres",
  "timescale/timescaledb": "postgres",
  "library/redis": "redis",
  "library/mysql": "mysql",
  "library/mariadb": "mariadb",
  "library/mongo": "mongodb",
  "library/rabbitmq": "rabbitmq",
}

/** The versions of the images that Slipway starts: docs/tests.md. */
const VERSIONS: Readonly<Record<KnownService, string>> = {
  postgres: DEFAULTS.tests.postgres.version,
  redis: DEFAULTS.tests.redis.version,
  mysql: "8.4",
  mariadb: "11.8",
  mongodb: "8.0",
  rabbitmq: "4",
}

/** The variable that has a service's URL without a setting. */
const defaultVariable = (name: KnownService): string => {
  const [definition] = serviceDefinitions({
    ...DEFAULTS.tests,
    services: { [name]: { environment: {}, ready: [] } },
  })
  return definition?.variable ?? ""
}

const SCHEMES: Readonly<Record<KnownService, RegExp>> = {
  postgres: /^(?:postgres(?:ql)?(?:\+\w+)?|postgis):\/\//,
  redis: /^rediss?:\/\//,
  mysql: /^mysql(?:\+\w+)?:\/\//,
  mariadb: /^(?:mysql|mariadb)(?:\+\w+)?:\/\//,
  mongodb: /^mongodb:\/\//,
  rabbitmq: /^(?:amqps?|pyamqp):\/\//,
}

/** The services of tests. */
export interface FoundServices extends InitFindings {
  /** Their images, where a CI host starts them. */
  started: readonly PlacedText[]
}

/** The services of the tests, where they are not the default ones. */
export function testServiceSettings(repository: DescribedRepository): FoundServices {
  const evidence = evidenceOf(repository)
  if (evidence === undefined || evidence.images.length === 0) return { ...NOTHING, started: [] }
  const known = KNOWN_SERVICES.filter((name) => evidence.images.some((each) => each.known === name))
  const findings = known.map((name) => serviceFindings(name, evidence))
  const own = findings.flatMap(({ settings }) => settings).filter(({ key }) => key[1] === "services")
  const started = evidence.says === BY_CI ? evidence.images.map(({ image }) => image) : []
  const services = { settings: chosenServices(known, own, evidence), questions: [] }
  return { ...joinFindings([services, ...findings.map(withoutServices)]), started }
}

const withoutServices = ({ settings, questions }: InitFindings): InitFindings => ({
  settings: settings.filter(({ key }) => key[1] !== "services"),
  questions,
})

/** The list of services, or a map if one has settings of its own. */
function chosenServices(
  known: readonly KnownService[],
  own: readonly InitSetting[],
  { images, says }: ServiceEvidence,
): InitSetting[] {
  const reason = (names: readonly string[]) =>
    `${placeTexts(images.filter((each) => names.includes(each.known)).map(({ image }) => image))}: ${says}`
  if (own.length > 0)
    return known.map((name) => {
      const settings = own.filter(({ key }) => key[2] === name)
      const value = Object.fromEntries(settings.map(({ key, value }) => [key[3] ?? "", valueText(value)]))
      const reasons = settings.length === 0 ? reason([name]) : settings.map((each) => each.reason).join("; ")
      return {
        key: ["tests", "services", name],
        value: settings.length === 0 ? null : value,
        reason: reasons,
      }
    })
  const defaults = Object.keys(DEFAULTS.tests.services)
  if (known.length === defaults.length && known.every((name) => defaults.includes(name))) return []
  return [{ key: ["tests", "services"], value: known, reason: reason(known) }]
}

/** The version and the variable of one service, where they differ from the defaults. */
function serviceFindings(name: KnownService, { images, variables }: ServiceEvidence): InitFindings {
  const sectioned = name === "postgres" || name === "redis"
  const section = (key: string) => (sectioned ? ["tests", name, key] : ["tests", "services", name, key])
  const mine = images.filter(({ known, tag }) => known === name && isVersion(tag))
  const official = mine.every(({ isOfficial }) => isOfficial)
  const version = oneAnswer(
    official && sectioned ? section("version") : ["tests", "services", name, "image"],
    mine
      .filter(({ tag, isOfficial }) => !isOfficial || !isSameVersion(tag, VERSIONS[name]))
      .map(({ tag, image, name }) => ({
        value: official && sectioned ? tag : `${name}:${tag}`,
        reason: `${placeText(image)}: its version`,
      })),
  )
  return joinFindings([version, ...variableFindings(name, variables, section)])
}

function variableFindings(
  name: KnownService,
  variables: readonly PlacedVariable[],
  section: (key: string) => string[],
): InitFindings[] {
  const urls = variables.filter(({ text }) => SCHEMES[name].test(text))
  const isDefault = urls.some((each) => each.name === defaultVariable(name))
  const chosen = oneAnswer(
    section("variable"),
    urls.map((each) => ({ value: each.name, reason: `${placeText(each)}: the variable with its URL` })),
  )
  const schemes = name !== "postgres" ? [] : urls.filter(({ text }) => /^\w+\+\w+:/.test(text))
  const scheme = oneAnswer(
    section("scheme"),
    schemes.map((each) => ({
      value: each.text.slice(0, each.text.indexOf(":")),
      reason: `${placeText(each)}: its URL's scheme`,
    })),
  )
  const hosts = urls.length > 0 ? [] : variables.filter(({ name: variable }) => isHost(name, variable))
  const [host] = hosts
  const asked =
    host === undefined
      ? NOTHING
      : asking(
          "tests.environment",
          `${placeText(host)} gives the tests the host of ${name} as ${host.name}, and Slipway its whole URL as ${defaultVariable(name)}: name the variables that the service reads instead`,
        )
  return [isDefault ? NOTHING : chosen, scheme, asked]
}

/** Words in the names of variables that are about a service. */
const WORDS: Partial<Record<KnownService, RegExp>> = {
  postgres: /POSTGRES|PG|DB|DATABASE|SQL/,
  mysql: /MYSQL|DB|DATABASE|SQL/,
  mariadb: /MYSQL|MARIADB|DB|DATABASE|SQL/,
  redis: /REDIS/,
}

const isHost = (name: KnownService, variable: string): boolean =>
  /(?:HOST|HOSTNAME|SERVER)$/.test(variable) && (WORDS[name]?.test(variable) ?? false)

const isVersion = (tag: string): boolean => /^[\w.-]+$/.test(tag) && /\d/.test(tag)

/** True if a tag's numbers are those of a version, as far as both have them: 15.3-alpine and 15. */
function isSameVersion(tag: string, version: string): boolean {
  const [own, other] = [tag, version].map((text) => (/^\d+(?:\.\d+)*/.exec(text)?.[0] ?? "").split("."))
  return other?.every((number, index) => own?.[index] === undefined || own[index] === number) ?? false
}

/** A command that runs tests. */
const TESTS =
  /(?:^|[\s/])(?:pytest|py\.test|tox|nox|unittest|test\.sh)(?=$|\s)|manage\.py test|\bmake (?:\w+-)?tests?\b/

/** The services that a CI host starts beside tests, else those of Compose. */
function evidenceOf({ jobs, compose }: DescribedRepository): ServiceEvidence | undefined {
  const beside = jobs.filter(({ services }) => services.length > 0)
  const testing = beside.filter(({ commands }) => commands.some(({ text }) => TESTS.test(text)))
  const chosen = testing.length > 0 ? testing : beside
  if (chosen.length > 0)
    return {
      images: chosen.flatMap(({ services }) => services).flatMap(knownImage),
      variables: chosen.flatMap(({ variables }) => variables),
      says: BY_CI,
    }
  // Tests that a CI host runs without services need none, unless Compose starts them there.
  const commands = jobs.flatMap((job) => job.commands)
  if (commands.some(({ text }) => TESTS.test(text)) && !commands.some(({ text }) => /compose/.test(text)))
    return undefined
  const [first] = compose.filter(({ image }) => image !== undefined && knownImage(image).length > 0)
  const file = compose.filter((each) => each.file === first?.file)
  return {
    images: file.flatMap(({ image }) => (image === undefined ? [] : knownImage(image))),
    variables: file
      .filter(({ image }) => image === undefined || knownImage(image).length === 0)
      .flatMap(({ variables }) => variables),
    says: "started by Compose",
  }
}

function knownImage(image: PlacedText): ServiceEvidence["images"][number][] {
  const [name, tag] = splitTag(image.text)
  const { path } = splitImage(name)
  const inMirror = /(?:^|\/)(library\/\w+)$/.exec(path)?.[1] ?? path
  const known = IMAGES[inMirror]
  if (known === undefined) return []
  return [
    { known, image, name: path.replace(/^library\//, ""), tag, isOfficial: inMirror.startsWith("library/") },
  ]
}
