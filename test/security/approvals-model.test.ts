/**
 * Control groups against a model: what is asked for, authorized, left, disabled, merged and waited for, in any order; and what is carried
 * out is what a few lines of counting say.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from '../../src/lib/clock.ts'
import { composedServer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { heldBy, People, type TestPerson, type Waiting } from '../support/people.ts'

const NAMES = ['r', 'a', 'b', 'c', 'd'] as const
const GROUPS = ['ops', 'sec'] as const
const TTL = 600

interface Factor {
  readonly groups: readonly string[]
  readonly approvals: number
}

type Step =
  | { readonly do: 'ask' }
  | { readonly do: 'authorize' | 'unwrap' | 'disable' | 'enable'; readonly who: number }
  | { readonly do: 'join' | 'leave'; readonly who: number; readonly group: number }
  | { readonly do: 'merge'; readonly from: number; readonly into: number }
  | { readonly do: 'wait'; readonly seconds: number }

const who = fc.nat({ max: NAMES.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'ask' }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('authorize' as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('unwrap' as const), who: fc.oneof(fc.constant(0), who) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('disable' as const, 'enable' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'leave' as const),
      who,
      group: fc.nat({ max: GROUPS.length - 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const), from: who, into: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 300, 599) }) },
)
const factor: fc.Arbitrary<Factor> = fc.record({
  groups: fc.uniqueArray(fc.constantFrom(...GROUPS), { minLength: 1 }),
  approvals: fc.integer({ min: 1, max: 3 }),
})

/** What is so, in sets of names. */
class Model {
  readonly #entity = new Map<string, string>(NAMES.map((name) => [name, name]))
  readonly members = new Map<string, Set<string>>(GROUPS.map((group) => [group, new Set<string>()]))
  readonly disabled = new Set<string>()
  authorized = new Set<string>()
  endsAt = 0
  open = false

  entityOf(name: string): string {
    const next = this.#entity.get(name) ?? name
    return next === name ? name : this.entityOf(next)
  }

  merge(from: string, into: string): void {
    this.#entity.set(from, into)
    for (const members of this.members.values()) if (members.delete(from)) members.add(into)
  }

  isMember(entity: string, { groups }: Factor): boolean {
    return groups.some((group) => this.members.get(group)?.has(entity) === true)
  }

  isApproved(factors: readonly Factor[]): boolean {
    const own = this.entityOf('r')
    const present = new Set([...this.authorized].map((name) => this.entityOf(name)))
    present.delete(own)
    const counting = [...present].filter((entity) => !this.disabled.has(entity))
    return factors.every((one) => counting.filter((entity) => this.isMember(entity, one)).length >= one.approvals)
  }
}

function policyOf(factors: readonly Factor[]): string {
  const written = factors.map(
    ({ groups, approvals }, i) =>
      `factor "f${i}" { identity { group_names = ${JSON.stringify(groups)} approvals = ${approvals} } }`,
  )
  return `path "kv/*" { capabilities = ["read"] control_group = { ttl = "${TTL}s" ${written.join('\n')} } }`
}

const RUNS = Number(process.env['APPROVAL_RUNS'] ?? 8)

let carriedOut = 0
let refused = 0

test('N of M is what it says, whatever becomes of those who authorize', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(factor, { minLength: 1, maxLength: 2 }),
      fc.array(fc.subarray([...GROUPS]), { minLength: NAMES.length, maxLength: NAMES.length }),
      fc.array(step, { minLength: 10, maxLength: 40 }),
      async (factors, memberships, steps) => {
        const clock = new FakeClock(1_800_000_000_000)
        await using server = await composedServer({ clock })
        await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
        await server.call('POST', 'kv/a', { secret: 'canary' })
        const people = await People.in(server)
        await people.policy('held', policyOf(factors))
        await people.policy('approver', 'path "sys/control-group/authorize" { capabilities = ["update"] }')
        const model = new Model()
        const real = new Map<string, TestPerson>()
        for (const name of NAMES) real.set(name, await people.add(name, ['held', 'approver']))
        const person = (name: string): TestPerson => real.get(name) ?? assert.fail(name)
        const regroup = async (group: string) => {
          const members = [...(model.members.get(group) ?? [])].map(person)
          await people.group(group, members)
        }
        for (const group of GROUPS) {
          for (const [i, name] of NAMES.entries())
            if (memberships[i]?.includes(group) === true) model.members.get(group)?.add(name)
          await regroup(group)
        }
        let waiting: Waiting | undefined
        for (const one of steps) {
          const name = 'who' in one ? (NAMES[one.who] ?? 'r') : 'r'
          const entity = model.entityOf(name)
          const isOpen = model.open && clock.now() < model.endsAt
          const isIn = !model.disabled.has(entity)
          switch (one.do) {
            case 'ask': {
              if (model.disabled.has(model.entityOf('r'))) break
              waiting = heldBy(await people.by(person('r'), 'GET', 'kv/a'))
              model.authorized = new Set()
              model.endsAt = clock.now() + TTL * 1000
              model.open = true
              break
            }
            case 'authorize': {
              if (waiting === undefined) break
              const answer = await people.by(person(name), 'POST', 'sys/control-group/authorize', {
                accessor: waiting.accessor,
              })
              const counts = factors.some((each) => model.isMember(entity, each))
              const may = isIn && isOpen && entity !== model.entityOf('r') && counts
              assert.equal(answer.status === 200, may, `${name}: ${answer.text}`)
              if (!may) break
              model.authorized.add(name)
              assert.equal(at(answer.json, 'data', 'approved'), model.isApproved(factors))
              break
            }
            case 'unwrap': {
              if (waiting === undefined) break
              const answer = await people.by(person(name), 'POST', 'sys/wrapping/unwrap', { token: waiting.token })
              const may = isIn && isOpen && entity === model.entityOf('r') && model.isApproved(factors)
              assert.equal(answer.status === 200, may, `${name}: ${answer.text}`)
              assert.equal(answer.text.includes('canary'), may)
              if (may) model.open = false
              if (may) carriedOut++
              else refused++
              break
            }
            case 'join':
            case 'leave': {
              const group = GROUPS[one.group] ?? 'ops'
              if (one.do === 'join') model.members.get(group)?.add(entity)
              else model.members.get(group)?.delete(entity)
              await regroup(group)
              break
            }
            case 'disable':
            case 'enable': {
              if (one.do === 'disable') model.disabled.add(entity)
              else model.disabled.delete(entity)
              const body = { disabled: one.do === 'disable' }
              const set = await people.root('POST', `identity/entity/id/${person(entity).entity}`, body)
              assert.ok(set.status < 300, set.text)
              break
            }
            case 'merge': {
              const [from, into] = [one.from, one.into].map((i) => model.entityOf(NAMES[i] ?? 'r'))
              if (from === undefined || into === undefined || from === into) break
              const kept = await people.root('GET', `identity/entity/id/${person(into).entity}`)
              const merged = await people.root('POST', 'identity/entity/merge', {
                from_entity_ids: [person(from).entity],
                to_entity_id: person(into).entity,
                conflicting_alias_ids_to_keep: [textAt(kept.json, 'data', 'aliases', 0, 'id')],
              })
              assert.equal(merged.status, 204, merged.text)
              model.merge(from, into)
              break
            }
            case 'wait':
              await clock.advance(one.seconds * 1000)
          }
        }
      },
    ),
    {
      numRuns: RUNS,
      // One in which it is certainly carried out.
      examples: [
        [
          [{ groups: ['ops'], approvals: 1 }],
          [[], ['ops'], [], [], []],
          [
            { do: 'ask' },
            { do: 'unwrap', who: 0 },
            { do: 'authorize', who: 1 },
            { do: 'unwrap', who: 1 },
            { do: 'unwrap', who: 0 },
          ],
        ],
      ],
    },
  )
  // Runs in which nothing happens would agree with everything.
  assert.ok(carriedOut > 0 && refused > 0, `${carriedOut} carried out, ${refused} refused`)
})
