/** Flags that every command has (how to reach the server) and those that most have (how to print). */
import { flag } from './flag.ts'

export const notSet = '(not set)'

export const httpFlags = {
  address: flag.string({
    env: 'ADDR',
    initial: 'https://127.0.0.1:8200',
    usage: 'Where the server listens: a URL of scheme https, http or unix (unix:///path/to/socket).',
  }),
  'agent-address': flag.string({ env: 'AGENT_ADDR', usage: 'Address of an agent. Takes precedence over -address.' }),
  'ca-cert': flag.string({
    env: 'CACERT',
    usage:
      "File of PEM-encoded CA certificates that the server's certificate is verified with. Takes precedence over -ca-path.",
  }),
  'ca-path': flag.string({
    env: 'CAPATH',
    usage: "Folder of PEM-encoded CA certificates that the server's certificate is verified with.",
  }),
  'client-cert': flag.string({
    env: 'CLIENT_CERT',
    usage: 'File with the PEM-encoded certificate to present to the server. Needs -client-key.',
  }),
  'client-key': flag.string({ env: 'CLIENT_KEY', usage: 'File with the PEM-encoded private key of -client-cert.' }),
  'disable-redirects': flag.bool({
    env: 'DISABLE_REDIRECTS',
    usage: 'Do not follow a redirect. Without this flag one redirect of a request is followed.',
  }),
  header: flag.map({
    usage:
      "HTTP header to add to every request, as key=value. May be given several times. Names that start with 'X-Vault-' are " +
      'refused.',
  }),
  mfa: flag.list({ env: 'MFA', usage: 'MFA credentials, sent as an X-Vault-MFA header. May be given several times.' }),
  namespace: flag.string({
    env: 'NAMESPACE',
    initial: notSet,
    usage: 'Namespace that paths are relative to. -ns is short for it.',
  }),
  'non-interactive': flag.bool({ usage: 'Never ask for input on the terminal.' }),
  ns: flag.string({ initial: notSet, hidden: true, usage: 'Alias of -namespace, which it takes precedence over.' }),
  'output-curl-string': flag.bool({ usage: 'Print the request as a curl command instead of sending it.' }),
  'output-policy': flag.bool({ usage: 'Print the policy that the request needs instead of sending it.' }),
  'policy-override': flag.bool({ usage: 'Override a soft-mandatory policy.' }),
  'tls-server-name': flag.string({
    env: 'TLS_SERVER_NAME',
    usage: 'Name to ask for (SNI) and to verify when connecting over TLS.',
  }),
  'tls-skip-verify': flag.bool({
    env: 'SKIP_VERIFY',
    usage: "Do not verify the server's certificate. Whoever sits between can then read and change everything.",
  }),
  'unlock-key': flag.string({ usage: 'Key that unlocks the API of a locked namespace.' }),
  'wrap-ttl': flag.duration({
    env: 'WRAP_TTL',
    usage: 'Wrap the response in a single-use token that lives this long, such as 30s or 5m. "coffer unwrap" opens it.',
  }),
}

export const outputFlags = {
  detailed: flag.bool({ env: 'DETAILED', usage: 'Print what else the server tells about each entry.' }),
  field: flag.string({
    usage:
      'Print this field alone, without a newline where the output is not a terminal. Takes precedence over -format=table.',
  }),
  format: flag.string({
    env: 'FORMAT',
    initial: 'table',
    usage:
      'How to print: table, json, yaml or pretty; "coffer read" also knows raw, the response as the server sent it.',
  }),
  'no-color': flag.bool({
    env: 'CLI_NO_COLOR',
    usage: 'Print without colours. So does a non-empty NO_COLOR in the environment.',
  }),
}

export type OutputFlag = 'detailed' | 'field' | 'format'
