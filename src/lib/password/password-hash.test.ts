import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { argon2idParsed } from './argon2id.ts'
import { bcryptCost } from './bcrypt.ts'
import { Lane, LaneFull } from './lane.ts'
import { algorithms, dummyHash, hashPassword, hashProblem, isAsMadeNow, passwordMatches } from './password-hash.ts'

/** Those of bcrypt are published with crypt_blowfish; that of Argon2id is what OpenSSL makes. */
const VECTORS: readonly (readonly [hash: string, password: string])[] = [
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
  ['$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
  ['$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE', 'password'],
]

describe('password hashes', () => {
  for (const [hash, password] of VECTORS) {
    test(`verifies ${hash.slice(0, 9)}`, async () => {
      assert.ok(await passwordMatches(password, hash))
      assert.ok(!(await passwordMatches(`${password}x`, hash)))
    })
  }

  for (const algorithm of algorithms) {
    test(`${algorithm}: what it makes it verifies, with a salt each`, async () => {
      const [first, second] = await Promise.all([hashPassword('pw', algorithm), hashPassword('pw', algorithm)])
      assert.notEqual(first, second)
      assert.ok(await passwordMatches('pw', first))
      assert.ok(!(await passwordMatches('pW', first)))
      assert.ok(!(await passwordMatches('', first)))
      assert.ok(isAsMadeNow(first, algorithm))
      assert.equal(hashProblem(first), undefined)
    })

    test(`${algorithm}: the dummy costs what others do, and nothing fits it twice as hard`, async () => {
      const [dummy, other] = await Promise.all([dummyHash(algorithm), hashPassword('pw', algorithm)])
      assert.equal(bcryptCost(dummy), bcryptCost(other))
      const [a, b] = [argon2idParsed(dummy), argon2idParsed(other)]
      assert.deepEqual([a?.memory, a?.passes], [b?.memory, b?.passes])
      assert.equal(await dummyHash(algorithm), dummy, 'it is made once')
    })

    test(`${algorithm}: bytes are counted, not letters, and none is dropped`, async () => {
      const hash = await hashPassword('ü\0a', algorithm)
      assert.ok(await passwordMatches('ü\0a', hash))
      assert.ok(!(await passwordMatches('ü\0b', hash)))
      assert.ok(!(await passwordMatches('ü', hash)))
    })
  }

  test('bcrypt: a longer password does not pass for its first 72 bytes', async () => {
    const full = 'x'.repeat(72)
    const hash = await hashPassword(full, 'bcrypt')
    assert.ok(await passwordMatches(full, hash))
    assert.ok(!(await passwordMatches(`${full}y`, hash)))
  })

  test('hashes of elsewhere are taken within reasonable costs', () => {
    const rest = 'a'.repeat(53)
    assert.equal(hashProblem(`$2y$05$${rest}`), undefined)
    assert.deepEqual(hashProblem(`$2y$04$${rest}`), { kind: 'cheap', cost: 4 })
    assert.deepEqual(hashProblem(`$2b$13$${rest}`), { kind: 'dear', cost: 13 })
    const argon = (costs: string) => `$argon2id$v=19$${costs}$c29tZXNhbHQAAAAAAAAAAA$${'A'.repeat(43)}`
    assert.equal(hashProblem(argon('m=19456,t=2,p=1')), undefined)
    const bad = [
      'plain',
      `$2b$10$${rest}a`,
      `$2b$10$${rest.slice(1)}`,
      argon('m=8,t=1,p=1'),
      argon('m=9999999,t=1,p=1'),
      argon('m=19456,t=99,p=1'),
      argon('m=19456,t=2,p=4'),
      argon('m=19456,t=2,p=1').replace('argon2id', 'argon2i'),
    ]
    for (const hash of bad) assert.equal(hashProblem(hash)?.kind, 'unknown', hash)
  })
})

test('slow work runs a few at a time, and what is too much is refused', async () => {
  const lane = new Lane({ width: 2, queue: 3 })
  let running = 0
  let most = 0
  const gates: (() => void)[] = []
  const work = () =>
    lane.run(async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => gates.push(resolve))
      running--
    })
  const taken = [work(), work(), work(), work(), work()]
  await assert.rejects(work(), LaneFull)
  for (let done = 0; done < taken.length;) {
    const gate = gates.shift()
    if (gate === undefined) {
      await new Promise((resolve) => setImmediate(resolve))
      continue
    }
    gate()
    done++
  }
  await Promise.all(taken)
  assert.equal(most, 2)
  await assert.rejects(
    lane.run(() => Promise.reject(new Error('failed'))),
    /failed/,
  )
  assert.equal(await lane.run(async () => 'goes on'), 'goes on')
})
