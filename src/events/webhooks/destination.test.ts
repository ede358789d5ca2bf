import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { suite, test } from 'node:test'
import type { LookupAddress } from 'node:dns'
import { DestinationError, destinationOf, guardedLookup, isForbidden, type Lookup } from './destination.ts'
import { send } from './send.ts'

/** Looks nothing up: names stand for what the test says, one answer after the other. */
function names(...answers: readonly (readonly string[])[]): { readonly lookup: Lookup; asked: number } {
  const state = { asked: 0, lookup: undefined as unknown as Lookup }
  const lookup = (_name: string, _options: object, callback: (error: null, found: LookupAddress[]) => void): void => {
    const found = answers[Math.min(state.asked++, answers.length - 1)] ?? []
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  // Of the many ways in which it can be called, this one is used.
  state.lookup = lookup as unknown as Lookup
  return state
}

const strict = { allowHttp: false }

suite('addresses', () => {
  test('at which machines keep their credentials are never asked, however they are written', () => {
    for (const address of [
      '169.254.169.254',
      '169.254.170.2',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '64:ff9b::a9fe:a9fe',
      '2002:a9fe:a9fe::1',
      'fd00:ec2::254',
      'fe80::1',
      'fe80::1%eth0',
      '0.0.0.0',
      '::',
      '100.100.100.200',
      '168.63.129.16',
      '192.0.0.192',
      '224.0.0.1',
      'ff02::1',
      '255.255.255.255',
      'no address',
    ])
      assert.equal(isForbidden(address), true, address)
    for (const address of [
      '10.0.0.1',
      '192.168.1.1',
      '93.184.216.34',
      '2606:2800:220:1::1',
      '127.0.0.1',
      '::1',
      'fd00::1',
    ])
      assert.equal(isForbidden(address), false, address)
  })

  test('plain HTTP stays on this machine unless it is allowed', () => {
    for (const url of ['http://127.0.0.1:1/', 'http://[::1]/', 'http://localhost/x', 'http://a.localhost/'])
      assert.equal(destinationOf(url, strict).protocol, 'http:')
    assert.throws(() => destinationOf('http://example.com/', strict), DestinationError)
    assert.equal(destinationOf('http://example.com/', { allowHttp: true }).hostname, 'example.com')
    assert.throws(() => destinationOf('http://169.254.169.254/', { allowHttp: true }), DestinationError)
  })
})

suite('a name', () => {
  const found = (url: string, answers: readonly string[], all = false): Promise<unknown> =>
    new Promise((resolve) => {
      const lookup = guardedLookup(new URL(url), strict, names(answers).lookup)
      lookup('name', { all }, (error, address) => resolve(error === null ? address : error))
    })

  test('that stands for one address that is not to be asked is not asked at all', async () => {
    assert.equal(await found('https://name/', ['93.184.216.34']), '93.184.216.34')
    assert.deepEqual(await found('https://name/', ['93.184.216.34'], true), [{ address: '93.184.216.34', family: 4 }])
    assert.ok((await found('https://name/', ['93.184.216.34', '169.254.169.254'])) instanceof DestinationError)
    assert.ok((await found('https://name/', [])) instanceof DestinationError)
    assert.ok((await found('http://localhost/', ['10.0.0.1'])) instanceof DestinationError)
  })

  test('is looked up once for a connection: what it stands for a moment later changes nothing', async () => {
    let requests = 0
    const server = createServer((_request, response) => {
      requests++
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const delivery = {
      url: `http://rebinding.example:${port}/`,
      caCert: '',
      headers: {},
      body: '{}',
      signal: new AbortController().signal,
    }
    const first = names(['127.0.0.1'], ['169.254.169.254'])
    const options = { allowHttp: true, patience: 5000 }
    assert.deepEqual(await send(delivery, { ...options, lookup: first.lookup }), {
      delivered: true,
      status: 204,
      error: '',
      retryAfter: undefined,
    })
    assert.equal(first.asked, 1)
    const second = await send(delivery, { ...options, lookup: names(['169.254.169.254']).lookup })
    assert.equal(second.error, 'the url must not lead to that address')
    assert.equal(requests, 1)
    server.close()
  })
})

test('a receiver that does not answer is not waited for, and what it says is bounded', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/silent') return
    response.writeHead(request.url === '/later' ? 503 : 200, { 'Retry-After': '7' })
    const chunk = Buffer.alloc(65_536)
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    if (request.url === '/endless') {
      response.on('drain', more)
      more()
    } else response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const to = (path: string) =>
    send(
      {
        url: `http://127.0.0.1:${port}${path}`,
        caCert: '',
        headers: {},
        body: '{}',
        signal: new AbortController().signal,
      },
      { ...strict, patience: 500 },
    )
  assert.equal((await to('/silent')).error, 'the receiver did not answer in time')
  assert.equal((await to('/endless')).delivered, true)
  assert.deepEqual(await to('/later'), {
    delivered: false,
    status: 503,
    error: 'the receiver answered 503',
    retryAfter: 7,
  })
  server.closeAllConnections()
  server.close()
  assert.equal((await to('/')).error, 'the receiver could not be reached: ECONNREFUSED')
})
