/** Stanzas `initialize`, read and checked against each other. */
import type { Block } from '../lib/hcl/index.ts'
import { blocks } from '../lib/hcl/index.ts'
import type { ConfigOf } from './field.ts'
import type { EarlierValue, FirstValue } from './first-value.ts'
import type { Findings } from './problem.ts'
import { requestSchema } from './schema/initialize.ts'
import { complete, readSection } from './section.ts'
import type { Placed } from './stanzas.ts'

export type FirstRequest = { readonly name: string } & ConfigOf<typeof requestSchema>

export interface InitializeStanza {
  readonly name: string
  readonly requests: readonly FirstRequest[]
}

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/

export function readInitialize(block: Block, findings: Findings): InitializeStanza {
  const name = block.labels[0]?.name ?? ''
  const where = `initialize "${name}"`
  checkName(block, name, where, findings)
  for (const item of block.value.items)
    if (item.keys[0].name !== 'request')
      findings.problem(item.at, `unknown key "${item.keys[0].name}" in ${where}: it takes requests`)
  const { found, misfits } = blocks(block.value.items, 'request', 1)
  for (const item of misfits) findings.problem(item.at, `request in ${where} takes "name" and an object`)
  return { name, requests: found.map((one) => readRequest(one, where, findings)) }
}

function checkName(block: Block, name: string, where: string, findings: Findings): void {
  if (!NAME.test(name))
    findings.problem(
      block.labels[0]?.at ?? block.item.at,
      `${where}: a name takes letters, digits, "_" and "-", and begins with no digit`,
    )
}

function readRequest(block: Block, where: string, findings: Findings): FirstRequest {
  const name = block.labels[0]?.name ?? ''
  const whole = `request "${name}" in ${where}`
  checkName(block, name, whole, findings)
  const given = readSection(block.value.items, requestSchema, ` in ${whole}`, findings)
  for (const key of ['operation', 'path'])
    if (!block.value.items.some((item) => item.keys[0].name === key))
      findings.problem(block.item.at, `${whole} needs ${key}`)
  return { name, ...complete(requestSchema, given) }
}

/** Names are unique, and what refers to a request comes after it. */
export function checkInitialize(stanzas: readonly Placed<InitializeStanza>[]): void {
  const before = new Set<string>()
  const names = new Set<string>()
  for (const { value: stanza, at, findings } of stanzas) {
    if (names.has(stanza.name)) findings.problem(at, `there is another initialize "${stanza.name}"`)
    names.add(stanza.name)
    for (const request of stanza.requests) {
      for (const value of [request.path, request.token, request.data])
        for (const earlier of value === undefined ? [] : earlierIn(value))
          if (!before.has(`${earlier.stanza}.${earlier.request}`))
            findings.problem(
              earlier.at,
              `there is no request "${earlier.request}" of initialize "${earlier.stanza}" before this one`,
            )
      const id = `${stanza.name}.${request.name}`
      if (before.has(id))
        findings.problem(at, `there is another request "${request.name}" in initialize "${stanza.name}"`)
      before.add(id)
    }
  }
}

function earlierIn(value: FirstValue): readonly EarlierValue[] {
  switch (value.kind) {
    case 'list':
      return value.items.flatMap(earlierIn)
    case 'map':
      return [...value.members.values()].flatMap(earlierIn)
    case 'request':
    case 'response':
      return [value]
    default:
      return []
  }
}
