import type { Finding } from "../run/finding.js"
import { finding } from "../run/outcome.js"

/** Comment of a Python file, from its `#` to the line's end. */
export interface Comment {
  /** Relative to the source's root. */
  file: string
  /** Counted from 1. */
  line: number
  comment: string
}

/**
 * Matches `nosec` as bandit 1.9 does: in lower case behind any `#`, also as the start of a longer word.
 *
 * Python and JavaScript differ in what white space is.
 */
const NOSEC = /#[\s\x1c-\x1f\x85]*nosec:?(.*)/su // eslint-disable-line no-control-regex -- as said

/** Matches comments for other tools, which give no reason. */
const DIRECTIVE = /^\s*(?:noqa|type:|pragma:|pylint:|pyright:|mypy:|ruff:|flake8:|isort:|fmt:|yapf:|nosec)/i

const INLINE =
  "this silences Trivy forever: list it in .slipway/suppressions.yaml, with reason, owner and expiry"

const EXAMPLE = '"# nosec B602 - the command is a constant"'

/**
 * Checks the comments that silence a tool inline.
 *
 * Those for bandit must name a test and a reason; those for Trivy have no room for an expiry.
 */
export function nosecFindings(comments: readonly Comment[]): Finding[] {
  return comments.flatMap(({ file, line, comment }) => {
    if (/\b(?:trivy|tfsec|cfsec):ignore:/.test(comment))
      return [
        finding({ tool: "slipway", level: "error", file, line, rule: "inline-ignore", message: INLINE }),
      ]
    const order = NOSEC.exec(comment)?.[1]
    if (order === undefined) return []
    const found = complaint(order)
    return found === undefined ? [] : [finding({ tool: "slipway", level: "error", file, line, ...found })]
  })
}

function complaint(order: string): { rule: string; message: string } | undefined {
  // Behind another `#`, bandit looks for no test.
  const [tests = "", ...more] = order.split("#")
  const words = wordsOf(tests)
  if (!words.some(isTest))
    return {
      rule: "nosec-no-rule",
      message: `this silences all of bandit's tests: name one, as in ${EXAMPLE}`,
    }
  const reason = [...words.filter((word) => !isTest(word)), ...more.filter((part) => !DIRECTIVE.test(part))]
  // Two letters in a row make a word.
  if (/\p{L}{2}/u.test(reason.join(" "))) return undefined
  return { rule: "nosec-no-reason", message: `this gives no reason: say why it is safe, as in ${EXAMPLE}` }
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}_]+/gu) ?? []

const isTest = (word: string): boolean => /^B\d{3}$/.test(word) || NAMES.has(word)

/** Names of bandit's tests and of its lists of forbidden calls and imports, as of 1.9.4. */
const NAMES: ReadonlySet<string> = new Set(
  `
  any_other_function_with_shell_equals_true assert_used django_extra_used django_mark_safe django_rawsql_used
  exec_used flask_debug_true hardcoded_bind_all_interfaces hardcoded_password_default
  hardcoded_password_funcarg hardcoded_password_string hardcoded_sql_expressions hardcoded_tmp_directory
  hashlib_insecure_functions huggingface_unsafe_download jinja2_autoescape_false
  linux_commands_wildcard_injection logging_config_insecure_listen markupsafe_markup_xss paramiko_calls
  pytorch_load request_with_no_cert_validation request_without_timeout set_bad_file_permissions
  snmp_insecure_version snmp_weak_cryptography ssh_no_host_key_verification ssl_with_bad_defaults
  ssl_with_bad_version ssl_with_no_version start_process_with_a_shell start_process_with_no_shell
  start_process_with_partial_path subprocess_popen_with_shell_equals_true subprocess_without_shell_equals_true
  tarfile_unsafe_members trojansource try_except_continue try_except_pass use_of_mako_templates
  weak_cryptographic_key yaml_load cipher_modes ciphers eval ftplib import_ftplib import_httpoxy import_pickle
  import_pycrypto import_pyghmi import_subprocess import_telnetlib import_xml_etree import_xml_expat
  import_xml_minidom import_xml_pulldom import_xml_sax import_xmlrpclib mark_safe marshal md5 mktemp_q pickle
  random telnetlib unverified_context urllib_urlopen xml_bad_ElementTree xml_bad_cElementTree
  xml_bad_expatbuilder xml_bad_expatreader xml_bad_minidom xml_bad_pulldom xml_bad_sax
`
    .trim()
    .split(/\s+/),
)
