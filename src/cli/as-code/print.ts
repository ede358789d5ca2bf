/** A plan as people read it, and as programs do. */
import { formatDurationShort } from '../../lib/duration.ts'
import type { Ui } from '../output/ui.ts'
import { tree, type JsonTree } from '../tree.ts'
import { compareLines, hunks } from './lines.ts'
import type { Action, Change, FieldChange, Plan } from './plan.ts'
import { isList, isMap, type Value } from './value.ts'

const MARKS: Readonly<Record<Action, '+' | '~' | '-'>> = { add: '+', change: '~', remove: '-' }
const COLOURS = { '+': 'green', '~': 'yellow', '-': 'red' } as const
/** Lines around one that changed in a long text. */
const AROUND = 2

export function printPlan(ui: Ui, plan: Plan): void {
  for (const change of plan.changes) {
    printChange(ui, change)
    ui.print('')
  }
  ui.print(plan.changes.length === 0 ? 'No changes.' : `Plan: ${counts(plan.changes)}.`)
  printUndeclared(ui, plan)
}

/** `+ mount "apps"`. */
export function titleOf({ action, kind, id }: Pick<Change, 'action' | 'kind' | 'id'>): string {
  return `${MARKS[action]} ${kind.block} ${JSON.stringify(id)}`
}

/** `before` stands in front of it on the line. */
export function printTitle(ui: Ui, change: Change, before = ''): void {
  ui.print(before + titleOf(change), COLOURS[MARKS[change.action]])
}

function printChange(ui: Ui, change: Change): void {
  printTitle(ui, change)
  const width = Math.max(0, ...change.fields.map(({ name }) => name.length))
  for (const field of change.fields) printField(ui, change.action, field, width)
}

function printField(ui: Ui, action: Action, field: FieldChange, width: number): void {
  const { old, from, secret } = field
  const name = `${field.name}:`.padEnd(width + 1)
  if (from !== undefined) {
    const what = secret ? '(secret)' : old === undefined ? '(not shown)' : '(not shown) → (not shown)'
    ui.print(`    ${name} ${what} from ${from}`)
  } else if (isLong(field.new) || isLong(old ?? null)) {
    ui.print(`    ${field.name}:`)
    for (const { mark, text } of hunks(compareLines(plain(old ?? ''), plain(field.new)), AROUND)) {
      ui.print(`      ${mark} ${text}`.trimEnd(), mark === ' ' ? undefined : COLOURS[mark])
    }
  } else if (action === 'add') ui.print(`    ${name} ${said(field.new)}`)
  else ui.print(`    ${name} ${measured(field, old ?? null)} → ${measured(field, field.new)}`)
}

function measured({ seconds }: FieldChange, value: Value): string {
  return seconds && typeof value === 'number' ? formatDurationShort(value) : said(value)
}

function isLong(value: Value): boolean {
  return typeof value === 'string' && value.trimEnd().includes('\n')
}

function plain(value: Value): string {
  return typeof value === 'string' ? value : said(value)
}

/** On one line. */
function said(value: Value): string {
  if (value === null) return '(none)'
  if (isList(value)) return `[${value.map(said).join(', ')}]`
  if (isMap(value)) {
    const members = [...value].map(([name, member]) => `${name} = ${said(member)}`)
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  return JSON.stringify(value)
}

const VERBS: Readonly<Record<Action, string>> = { add: 'to add', change: 'to change', remove: 'to remove' }

function counts(changes: readonly Change[]): string {
  const actions: readonly Action[] = ['add', 'change', 'remove']
  return actions.map((action) => `${changes.filter((one) => one.action === action).length} ${VERBS[action]}`).join(', ')
}

function printUndeclared(ui: Ui, { undeclared }: Plan): void {
  if (undeclared.length === 0) return
  ui.print('\nNot declared, and left alone (-prune removes it):')
  for (const { kind, id } of undeclared) ui.print(`    ${kind.block} ${JSON.stringify(id)}`)
}

export function planTree({ changes, undeclared }: Plan): JsonTree {
  const count = (action: Action): number => changes.filter((one) => one.action === action).length
  return tree({
    changes: changes.map(changeTree),
    undeclared: undeclared.map(
      ({ kind, id }) =>
        new Map([
          ['kind', kind.block],
          ['id', id],
        ]),
    ),
    summary: { add: count('add'), change: count('change'), remove: count('remove') },
  })
}

export function changeTree({ action, kind, id, fields }: Change): JsonTree {
  return tree(
    new Map<string, JsonTree>([
      ['action', tree(action)],
      ['kind', tree(kind.block)],
      ['id', tree(id)],
      ['fields', tree(fields.map(fieldTree))],
    ]),
  )
}

function fieldTree({ name, old, new: value, from, secret }: FieldChange): JsonTree {
  if (from !== undefined) return tree({ name, from, secret })
  return tree(old === undefined ? { name, new: tree(value) } : { name, old: tree(old), new: tree(value) })
}
