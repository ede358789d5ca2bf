import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { appendLater, AppendError, appendNow } from './append.ts'

test('a full device fails, and says that trying again is no use', async (t) => {
  if (!fs.existsSync('/dev/full')) return t.skip('this system has no /dev/full')
  const fd = fs.openSync('/dev/full', 'a')
  const line = Buffer.from('line\n')
  const isFull = (error: unknown): boolean => error instanceof AppendError && error.full && !error.torn
  assert.throws(() => appendNow(fd, '/dev/full', line), isFull)
  await assert.rejects(appendLater(fd, '/dev/full', line), isFull)
  fs.closeSync(fd)
})

/**
 * Runs a script where files may grow to 1024 bytes: the system takes the part of a write that fits and refuses the
 * rest, as on a disk that fills up; `makeRoom()` ends that. Returns what the script printed, and the files it left.
 */
function onSmallDisk(script: string): { readonly printed: string; readonly files: ReadonlyMap<string, string> } {
  const folder = fs.mkdtempSync(join(tmpdir(), 'append-'))
  const source = `
    import * as fs from 'node:fs'
    import { execFileSync } from 'node:child_process'
    import { appendLater, appendNow } from ${JSON.stringify(join(import.meta.dirname, 'append.ts'))}
    import { FileSink } from ${JSON.stringify(join(import.meta.dirname, 'file-sink.ts'))}
    const file = ${JSON.stringify(join(folder, 'log'))}
    const makeRoom = () => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:'])
    const print = (text) => process.stdout.write(text + ' ')
    const failure = async (act) => {
      try {
        await act()
        return 'none'
      } catch (error) {
        return error.name + (error.full ? ' full' : '') + (error.torn ? ' torn' : '')
      }
    }
    const line = (letter, length) => Buffer.from(letter.repeat(length) + '\\n')
    ${script}`
  try {
    const shell = 'ulimit -S -f 1; exec "$0" --input-type=module-typescript -e "$1"'
    const printed = execFileSync('bash', ['-c', shell, process.execPath, source], { encoding: 'utf8' }).trim()
    return {
      printed,
      files: new Map(fs.readdirSync(folder).map((name) => [name, fs.readFileSync(join(folder, name), 'utf8')])),
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

for (const how of ['appendNow', 'appendLater']) {
  test(`${how}: half a line that did not fit is taken back`, () => {
    const { printed, files } = onSmallDisk(`
      const fd = fs.openSync(file, 'a')
      ${how}(fd, file, line('a', 999))
      print(await failure(async () => ${how}(fd, file, line('b', 99))))`)
    assert.equal(printed, 'AppendError full')
    assert.equal(files.get('log'), `${'a'.repeat(999)}\n`)
  })

  test(`${how}: half a line in a file that was moved away meanwhile stays, and that is told`, () => {
    const { printed, files } = onSmallDisk(`
      const fd = fs.openSync(file, 'a')
      await ${how}(fd, file, line('a', 999))
      fs.renameSync(file, file + '.1')
      fs.writeFileSync(file, 'new')
      print(await failure(async () => ${how}(fd, file, line('b', 99))))`)
    assert.equal(printed, 'AppendError full torn')
    assert.deepEqual(
      [...files],
      [
        ['log', 'new'],
        ['log.1', `${'a'.repeat(999)}\n${'b'.repeat(24)}`],
      ],
    )
  })
}

test('a file device goes on by itself once there is room, and no line is joined to half a line', () => {
  const { printed, files } = onSmallDisk(`
    const sink = new FileSink({ path: file, mode: 0o600, forbiddenFolders: [] })
    await sink.open()
    await sink.write(line('a', 999))
    print(await failure(async () => sink.write(line('b', 99))))
    fs.renameSync(file, file + '.1')
    print(await failure(async () => sink.write(line('c', 99))))
    makeRoom()
    print(await failure(async () => sink.write(line('d', 9))))
    print(await failure(async () => sink.write(line('e', 9))))
    await sink.reopen()
    print(await failure(async () => sink.write(line('f', 9))))
    await sink.close()`)
  assert.equal(printed, 'AppendError full AppendError full torn none none none')
  assert.equal(files.get('log.1'), `${'a'.repeat(999)}\n${'c'.repeat(24)}\n${'d'.repeat(9)}\n${'e'.repeat(9)}\n`)
  assert.equal(files.get('log'), `${'f'.repeat(9)}\n`)
})
