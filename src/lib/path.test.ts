import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalRequestPath, pathProblem } from './path.ts'

const REFUSED = Symbol('refused')

/** Raw request targets and the path each stands for. */
const targets: readonly (readonly [string, string | typeof REFUSED])[] = [
  ['/v1/secret/data/a', 'secret/data/a'],
  ['/v1/secret/data/a/', 'secret/data/a/'],
  ['/v1/', ''],
  ['/v1/secret/data/user..aaa', 'secret/data/user..aaa'],
  ['/v1/secret/data/...', 'secret/data/...'],
  ['/v1/secret/data/..a', 'secret/data/..a'],
  ['/v1/secret/data/.hidden', 'secret/data/.hidden'],
  ['/v1/secret/data/a%20b', 'secret/data/a b'],
  ['/v1/secret/data/a+b', 'secret/data/a+b'],
  ['/v1/secret/data/a%2Bb', 'secret/data/a+b'],
  ['/v1/secret%2Fdata%2fa', 'secret/data/a'],
  ['/v1/secret/data/%61', 'secret/data/a'],
  ['/v1/secret/data/%2561', 'secret/data/%61'],
  ['/v1/app/%252e%252e/other', 'app/%2e%2e/other'],
  ['/v1/secret/data/caf%C3%A9', 'secret/data/café'],
  ['/v1/secret/data/caf\u00c3\u00a9', 'secret/data/café'],
  ['/v1/secret/data/%F0%9F%98%80', 'secret/data/😀'],
  ['/v1/auth/ldap/login/DOM%5Cbob', 'auth/ldap/login/DOM\\bob'],
  ['/v1/secret/data/a;b=c', 'secret/data/a;b=c'],
  ['/v1/secret/data/a*', 'secret/data/a*'],
  ['/v1/secret/data/a:b@c', 'secret/data/a:b@c'],
  ['/v1/secret/data/a%23b', 'secret/data/a#b'],
  ['/v1/secret/data/a%3Fb', 'secret/data/a?b'],
  ['/v1/secret/data/{{x}}', 'secret/data/{{x}}'],
  ['/v1/SECRET/data/a', 'SECRET/data/a'],
  ['/v1/secret/data/a?version=2', 'secret/data/a'],
  ['/v1/secret/data/a?', 'secret/data/a'],
  ['/v1/secret/data/__proto__', 'secret/data/__proto__'],
  [`/v1/${'a'.repeat(512)}`, 'a'.repeat(512)],
  ['', REFUSED],
  ['*', REFUSED],
  ['/', REFUSED],
  ['/v1', REFUSED],
  ['/V1/sys/health', REFUSED],
  ['/%76%31/sys/health', REFUSED],
  ['/v2/sys/health', REFUSED],
  ['//v1/sys/health', REFUSED],
  ['/v1//sys/health', REFUSED],
  ['http://127.0.0.1/v1/sys/health', REFUSED],
  ['//evil.example/v1/x', REFUSED],
  ['/v1/app/../other', REFUSED],
  ['/v1/app/%2e%2e/other', REFUSED],
  ['/v1/app/.%2E/other', REFUSED],
  ['/v1/app/..%2fother', REFUSED],
  ['/v1/app/%2e%2e%2Fother', REFUSED],
  ['/v1/app/./x', REFUSED],
  ['/v1/app/x/.', REFUSED],
  ['/v1/app/x/..', REFUSED],
  ['/v1/app//x', REFUSED],
  ['/v1/app/%2Fx', REFUSED],
  ['/v1/app/x//', REFUSED],
  ['/v1/../v1/sys/raw', REFUSED],
  ['/v1/secret\\..\\sys', REFUSED],
  ['/v1/secret/..%5Csys', REFUSED],
  ['/v1/secret%5C.%5Csys', REFUSED],
  ['/v1/secret/data/%zz', REFUSED],
  ['/v1/secret/data/%4', REFUSED],
  ['/v1/secret/data/%', REFUSED],
  ['/v1/secret/data/%00', REFUSED],
  ['/v1/secret/data/a%0Ab', REFUSED],
  ['/v1/secret/data/a\tb', REFUSED],
  ['/v1/secret/data/a b', REFUSED],
  ['/v1/secret/data/a%7F', REFUSED],
  ['/v1/secret/data/%C2%85', REFUSED],
  ['/v1/secret/data/%E2%80%AE', REFUSED],
  ['/v1/secret/data/%E2%81%A6', REFUSED],
  ['/v1/secret/data/%D8%9C', REFUSED],
  ['/v1/secret/data/%EF%BB%BF', REFUSED],
  ['/v1/secret/data/%ED%A0%80', REFUSED],
  ['/v1/secret/data/%C0%AF', REFUSED],
  ['/v1/secret/data/%FF', REFUSED],
  ['/v1/secret/data/\u0130', REFUSED],
  ['/v1/secret/data/a#b', REFUSED],
  [`/v1/${'a'.repeat(513)}`, REFUSED],
  [`/v1/${'%C3%A9'.repeat(257)}`, REFUSED],
  [`/v1/${'abcdefg/'.repeat(188)}`, REFUSED],
  ['/v1/a?b=%zz', REFUSED],
  ['/v1/a?b=%00', REFUSED],
  ['/v1/a?b;c', REFUSED],
  ['/v1/a?=b', REFUSED],
]

const pathOf = (target: string): string | typeof REFUSED => {
  const result = canonicalRequestPath(target)
  return result.ok ? result.path : REFUSED
}

/** Any canonical path as a client would send it. */
const encode = (path: string): string => `/v1/${path.split('/').map(encodeURIComponent).join('/')}`

const piece = fc.constantFrom(
  '/',
  '.',
  '..',
  '%2e',
  '%2F',
  '%5c',
  '\\',
  'a',
  'sys',
  '%00',
  '%',
  '%25',
  '%C3%A9',
  '\u00e9',
  '%E2%80%AE',
  ' ',
  '?',
  '#',
  'é',
)

describe('canonicalRequestPath', () => {
  for (const [target, path] of targets) {
    it(`${path === REFUSED ? 'refuses' : 'reads'} ${JSON.stringify(target.slice(0, 60))}`, () => {
      assert.equal(pathOf(target), path)
    })
  }

  it('keeps the order and the repetition of query parameters', () => {
    const result = canonicalRequestPath('/v1/a?limit=5&list=true&limit=9&after=a%2Fb+c&flag&&x=1=2')
    assert.deepEqual(result.ok && result.query, [
      ['limit', '5'],
      ['list', 'true'],
      ['limit', '9'],
      ['after', 'a/b c'],
      ['flag', ''],
      ['x', '1=2'],
    ])
  })

  it('refuses more parameters than any client sends', () => {
    assert.equal(pathOf(`/v1/a?${'a&'.repeat(300)}`), REFUSED)
  })

  it('is idempotent: the encoded form of a canonical path is that path', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const path = pathOf(`/v1/${parts.join('')}`)
        if (path !== REFUSED) assert.equal(pathOf(encode(path)), path)
      }),
      { numRuns: 2000 },
    )
  })

  it('never widens: what it accepts, no other decoder or normaliser moves elsewhere', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const path = pathOf(`/v1/${parts.join('')}`)
        if (path === REFUSED) return
        const seen = new URL(encode(path), 'http://localhost').pathname
        assert.equal(seen, encode(path))
        assert.ok(!path.split(/[/\\]/).some((part) => part === '.' || part === '..'))
        assert.ok(!path.includes('//') && !path.startsWith('/'))
      }),
      { numRuns: 2000 },
    )
  })

  it('takes any string without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        canonicalRequestPath(`/v1/${text}`)
        canonicalRequestPath(text)
      }),
    )
  })
})

describe('pathProblem', () => {
  it('refuses a lone surrogate, which only a decoded body can bring', () => {
    assert.match(pathProblem('secret/\ud800') ?? '', /UTF-8/)
  })

  it('measures bytes, not UTF-16 units', () => {
    assert.equal(pathProblem('é'.repeat(256)), undefined)
    assert.match(pathProblem('é'.repeat(257)) ?? '', /512 bytes/)
    assert.match(pathProblem('éééééééé/'.repeat(100)) ?? '', /1500 bytes/)
  })
})
