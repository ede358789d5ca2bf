import { defineCommand } from '../../command.ts'
import { attempt, CliFailure, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { columns, table, type Row } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { booleanOf, itemsOf, member, plainText, stringsOf, type JsonTree, type TreeSource } from '../../tree.ts'
import { formatDuration } from '../../../lib/duration.ts'

const TOKEN = /^(?:hv[sbr]|[sbr])\./

export const command = defineCommand({
  usage: '[options] [TOKEN | POLICY] PATH OPERATION',
  help: `  Tells whether a request would be allowed, by which rule of which policy, and which other rules were further from the path.
  The verdict is the server's own. TOKEN is looked at with all its policies; POLICY, or several with commas between, as if just
  those were held by nobody in particular; "-" is the current token. With neither, it tells which policies reach the path.

  OPERATION is one of create, read, update, patch, delete, list and scan.

      $ coffer policy explain app-ro secret/data/web read
      $ coffer policy explain hvs.CAESI… secret/data/web update
      $ coffer policy explain -accessor=2WcN7uq4 -parameter=ttl=1h auth/token/create update
      $ coffer policy explain secret/data/web read`,
  flags: {
    accessor: flag.string({ usage: 'Look at the token that has this accessor, in place of TOKEN or POLICY.' }),
    'asked-wrap-ttl': flag.duration({
      usage: 'Suppose that the request asks for its reply to be wrapped for so long.',
    }),
    'detailed-exitcode': flag.bool({ usage: 'Exit with 0 where it is allowed, 1 for an error, 2 where it is denied.' }),
    parameter: flag.map({
      usage: 'Suppose that the request has this parameter, as key=value. May be given several times.',
    }),
  },
  output: ['format'],
  async run(run) {
    run.expectArgs(2, 3, '2-3')
    const { accessor } = run.flags
    const detailed = run.flags['detailed-exitcode']
    const who = run.args.length === 3 ? run.arg(0) : ''
    if (who !== '' && accessor !== '') throw usageFailure('-accessor stands in place of TOKEN or POLICY')
    const client = await run.client()
    const body: Record<string, TreeSource | undefined> = {
      path: run.arg(run.args.length - 2),
      operation: run.arg(run.args.length - 1),
      ...subjectOf(who, accessor, client.token),
      parameters: run.flags.parameter.size === 0 ? undefined : run.flags.parameter,
      wrap_ttl: run.given.has('asked-wrap-ttl') ? formatDuration(run.flags['asked-wrap-ttl']) : undefined,
    }
    const asking = client.send({ method: 'POST', path: 'sys/policies/explain', body })
    const answer = await attempt('Error asking for an explanation', asking, detailed ? 1 : 2)
    if (answer?.data === undefined) throw new CliFailure('The server answered without an explanation', detailed ? 1 : 2)
    const data: JsonTree = { kind: 'object', entries: answer.data }
    if (!run.ui.isTable) await printData(run.ui, data, true)
    else if (member(data, 'reach') === undefined) printExplanation(run.ui, data)
    else printReach(run.ui, data)
    return detailed && booleanOf(member(data, 'allowed')) === false ? 2 : 0
  },
})

function subjectOf(who: string, accessor: string, own: string): Record<string, TreeSource> {
  if (accessor !== '') return { accessor }
  if (who === '') return {}
  if (who === '-') return { token: own }
  return TOKEN.test(who) || who === own ? { token: who } : { policies: who.split(',') }
}

function text(node: JsonTree | undefined, name: string): string {
  return plainText(member(node, name))
}

function list(node: JsonTree | undefined, name: string): string {
  return (stringsOf(member(node, name)) ?? []).join(', ')
}

function yesNo(node: JsonTree, name: string): string {
  return booleanOf(member(node, name)) === true ? 'yes' : 'no'
}

function verdictOf(data: JsonTree): string {
  if (booleanOf(member(data, 'allowed')) === true) return 'allowed'
  return booleanOf(member(data, 'held')) === true ? 'held until others have authorized it' : 'denied'
}

function printExplanation(ui: Ui, data: JsonTree): void {
  const missing = list(data, 'missing_policies')
  const conditions = list(member(data, 'rule'), 'conditions')
  ui.print(
    columns([
      ['Verdict', verdictOf(data)],
      ['Reason', text(data, 'reason')],
      ['Request', `${text(data, 'operation')} on ${text(data, 'path')}`],
      ['Needs sudo', yesNo(data, 'sudo_needed')],
      ['Policies', list(data, 'policies')],
      ...(missing === '' ? [] : [['No such policy', missing]]),
      ...(conditions === '' ? [] : [['Conditions', conditions]]),
      ...governingRows(data),
    ]),
  )
  const deciding = member(data, 'rule')
  const rows = [
    ...(deciding?.kind === 'object' ? ruleRows('decides', deciding) : []),
    ...(itemsOf(member(data, 'other_rules')) ?? []).flatMap((rule) => ruleRows('further', rule)),
    ...(itemsOf(member(data, 'unapplied_rules')) ?? []).map((rule) =>
      sourceRow('unapplied', text(rule, 'reason'), rule),
    ),
  ]
  if (rows.length > 0) ui.print(`\n${table(['Part', 'Rule', 'Capabilities', 'Policy', 'Line', 'As written'], rows)}`)
}

/** What is asked of the request besides; the answer depends on the request itself. */
function governingRows(data: JsonTree): readonly Row[] {
  const found = itemsOf(member(data, 'governing_policies')) ?? []
  return found.map((one) => [
    'Asked besides',
    `${text(one, 'type')} ${text(one, 'namespace')}${text(one, 'name')} (${text(one, 'enforcement_level')})`,
  ])
}

/** One line for each place that the rule stands at. */
function ruleRows(what: string, rule: JsonTree): readonly Row[] {
  return (itemsOf(member(rule, 'sources')) ?? []).map((source) => sourceRow(what, text(rule, 'path'), source))
}

function sourceRow(what: string, rule: string, source: JsonTree): Row {
  return [
    what,
    rule,
    list(source, 'capabilities') || 'none',
    text(source, 'policy'),
    text(source, 'line'),
    text(source, 'path'),
  ]
}

function printReach(ui: Ui, data: JsonTree): void {
  const rows = (itemsOf(member(data, 'reach')) ?? []).map((each) => {
    const [source] = itemsOf(member(each, 'rule', 'sources')) ?? []
    return [
      text(each, 'policy'),
      booleanOf(member(each, 'allowed')) === true ? 'allows' : 'denies',
      text(each, 'reason'),
      text(member(each, 'rule'), 'path'),
      text(source, 'line'),
    ]
  })
  if (rows.length === 0) ui.print(`No policy allows ${text(data, 'operation')} on ${text(data, 'path')}.`)
  else ui.print(table(['Policy', 'By itself', 'Reason', 'Rule', 'Line'], rows))
}
