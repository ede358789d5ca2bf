import type { Value } from '../../lib/hcl/index.ts'
import type { ConfigOf, Field, Schema } from '../field.ts'
import type { Findings } from '../problem.ts'
import { complete, readSection } from '../section.ts'

/** An object inside another, with its own schema. */
export interface SectionField<S extends Schema> extends Field<ConfigOf<S>> {
  readonly schema: S
}

export function section<const S extends Schema>(help: string, schema: S): SectionField<S> {
  const takes = 'an object'
  const read = (value: Value, findings: Findings, key: string): ConfigOf<S> | undefined => {
    if (value.kind !== 'object') return findings.problem(value.at, `${key} takes ${takes}`)
    return complete(schema, readSection(value.items, schema, ` in ${key}`, findings))
  }
  return {
    status: 'active',
    takes,
    help,
    default: complete(schema, new Map()),
    defaultText: '',
    merge: 'last',
    read,
    schema,
  }
}
