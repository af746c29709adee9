/**
 * The variables that the engine and the programs that build its images need: of the system, proxies, certificates and
 * package managers.
 *
 * The engine outlives the command that starts it. In a CI host that command has secrets in its environment, which
 * nothing that the engine runs may inherit.
 */
const NEEDED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR|TEMP|XDG_\w+|(?:https?|no|all|ftp)_proxy|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|NODE_OPTIONS|npm_config_\w+|PIP_\w+|UV_(?:INDEX|DEFAULT_INDEX|NATIVE_TLS)|GO(?:PROXY|FLAGS|PRIVATE|NOPROXY|INSECURE|SUMDB|NOSUMDB|PATH|ROOT|CACHE|MODCACHE|TOOLCHAIN|TMPDIR|GC|MEMLIMIT|MAXPROCS)|CGO_\w+|JAVA_\w+|MAVEN_\w+|CARGO_\w+)$/i

/**
 * How much the engine's heap may grow until its garbage is collected, in percent, on a machine of so much memory.
 *
 * By Go's default of 100 the engine (0.21.8) spends two fifths of its time on that once it has run for an hour: its
 * heap is one or two gigabytes.
 */
export const garbageCollection = (bytes: number): string =>
  bytes >= 15e9 ? "300" : bytes >= 7e9 ? "200" : "100"

/** The part of an environment that the engine is started with. */
export const engineVariables = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => NEEDED.test(name)))
