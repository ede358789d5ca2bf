/** A mount as the table has it, for tests of what is done with one. */
import { noTuning, type Mount } from '../../src/request/mount.ts'

/** A secrets engine of the root namespace unless `more` says otherwise; its uuid and accessor are made of its path. */
export function testMount(path: string, more: Partial<Mount> = {}): Mount {
  return {
    kind: 'secret',
    path,
    type: 'test',
    uuid: `uuid-${path.replaceAll('/', '.')}`,
    accessor: `test_${path.replaceAll('/', '.')}`,
    description: '',
    options: new Map(),
    local: false,
    sealWrap: false,
    externalEntropyAccess: false,
    tuning: noTuning,
    namespaceId: 'root',
    tainted: false,
    ...more,
  }
}
