import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { nextTurn, systemTimer } from '../platform/timer.ts'
import { eventually } from '../testing/eventually.ts'
import { probeConfinement } from './confinement.ts'
import { FunctionHouse, isRunning } from './functions.test-support.ts'
import { zipOf } from './zip.test-support.ts'

const { namespaces } = await probeConfinement(process.getuid?.() === 0)
const confined = namespaces === 'none' ? 'this machine forbids namespaces' : false

/** A handler that starts a process which leaves group, session and environment behind, and answers its mark. */
const STRAY = `import { spawn } from 'node:child_process'
export const handler = async ({ mark, answers, env }) => {
  spawn('sh', ['-c', 'sleep 600; : ' + mark], { detached: true, stdio: 'inherit', ...(env && { env }) }).unref()
  await new Promise((go) => setTimeout(go, 150))
  return answers ? mark : new Promise(() => setInterval(() => {}, 1000))
}`

describe('nothing outlives an invocation', { concurrency: 2 }, () => {
  test('also not a process that the handler started to stay', async () => {
    await using house = await FunctionHouse.open()
    const arn = await house.add({ files: { 'index.mjs': STRAY } })
    const mark = `stray-${process.pid}-a`
    assert.equal((await house.invoke(arn, { mark, answers: true })).json, mark)
    assert.equal(isRunning(mark), false)
  })

  test('also not where its time was over', async () => {
    await using house = await FunctionHouse.open()
    const arn = await house.add({ files: { 'index.mjs': STRAY }, timeoutSeconds: 1 })
    const mark = `stray-${process.pid}-b`
    assert.equal((await house.invoke(arn, { mark })).json.errorType, 'Sandbox.Timedout')
    assert.equal(isRunning(mark), false)
  })

  test('nor its directory', async () => {
    await using house = await FunctionHouse.open()
    const source = `import { statSync } from 'node:fs'
      export const handler = async () => ({ home: process.env.HOME, mode: statSync(process.env.HOME).mode & 0o777 })`
    const { home, mode } = (await house.runs(source)).json
    assert.equal(mode, 0o700)
    assert.equal(existsSync(String(home)), false)
  })

  test('also where the server is killed', async () => {
    const mark = `stray-${process.pid}-c`
    const support = join(import.meta.dirname, 'functions.test-support.ts')
    const script = `import { FunctionHouse, isRunning } from ${JSON.stringify(support)}
      const house = await FunctionHouse.open()
      const arn = await house.add({ files: { 'index.mjs': ${JSON.stringify(STRAY)} } })
      await house.invoke(arn, { mark: ${JSON.stringify(mark)} })`
    const server = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' })
    // The server's own command line has the mark, too: what is looked for is the child's.
    const child = `: ${mark}`
    // A whole server has to start for it first, which takes as long as the machine lets it.
    while (!isRunning(child)) await nextTurn(systemTimer)
    server.kill('SIGKILL')
    await once(server, 'exit')
    if (confined) return
    await eventually(async () => assert.equal(isRunning(child), false))
  })
})

/** Whether a function can have a /tmp of its own: not where this checkout is in it. */
const crowded = confined || (/^\/(var\/)?tmp\//.test(import.meta.dirname) && 'the checkout is in /tmp')

describe('what a function cannot see', { concurrency: 2 }, () => {
  test('anything of the server’s environment', async (t) => {
    process.env.LOCKSTEP_TEST_MARK = 'the-server-alone-knows'
    t.after(() => {
      delete process.env.LOCKSTEP_TEST_MARK
    })
    await using house = await FunctionHouse.open()
    const source = `import { readdirSync, readFileSync } from 'node:fs'
      export const handler = async () => {
        const found = []
        for (const pid of readdirSync('/proc')) try { found.push(readFileSync('/proc/' + pid + '/environ', 'utf8')) } catch {}
        return { own: process.env, found }
      }`
    const { json } = await house.runs(source, {
      variables: { DB_HOST: 'db', LD_PRELOAD_ME: 'it is $HOME `x`' },
    })
    const { own, found } = json as { own: Record<string, string>; found: readonly string[] }
    assert.equal('LOCKSTEP_TEST_MARK' in own, false)
    assert.deepEqual([own.DB_HOST, own.LD_PRELOAD_ME], ['db', 'it is $HOME `x`'])
    assert.equal(own.AWS_LAMBDA_FUNCTION_NAME, 'work')
    assert.deepEqual(
      Object.keys(own).filter((name) => name.startsWith('LOCKSTEP')),
      [],
    )
    if (!confined) assert.ok(found.every((environment) => !environment.includes('LOCKSTEP_TEST_MARK')))
  })

  test('the data directory and the root key', { skip: confined }, async () => {
    const data = mkdtempSync(join(tmpdir(), 'lockstep-data-'))
    const key = join(mkdtempSync(join(tmpdir(), 'lockstep-key-')), 'root.key')
    try {
      const settings = { data, 'root-key': `file:${key}` }
      await using house = await FunctionHouse.open({ settings })
      writeFileSync(join(data, 'note'), 'seen')
      const source = `import { spawnSync } from 'node:child_process'
        import { readdirSync, readFileSync } from 'node:fs'
        export const handler = async ({ data, key }) => {
          // Whoever may make namespaces has every capability in them.
          const uncover = 'umount ' + data + '; umount -l ' + data + '; umount ' + key + '; ls ' + data + '; cat ' + key
          const { stdout } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', uncover])
          return { names: readdirSync(data), key: readFileSync(key, 'utf8'), uncovered: stdout.toString() }
        }`
      const arn = await house.add({ files: { 'index.mjs': source } })
      assert.deepEqual((await house.invoke(arn, { data, key })).json, { names: [], key: '', uncovered: '' })
      assert.notEqual(readFileSync(key, 'utf8'), '')
    } finally {
      rmSync(data, { recursive: true })
      rmSync(join(key, '..'), { recursive: true })
    }
  })

  test('what others keep in /tmp', { skip: crowded }, async () => {
    const note = join(tmpdir(), `lockstep-note-${process.pid}`)
    writeFileSync(note, 'seen')
    try {
      await using house = await FunctionHouse.open()
      const source = `import { existsSync, writeFileSync } from 'node:fs'
        export const handler = async ({ note }) => { const was = existsSync(note); writeFileSync(note, 'its'); return was }`
      const arn = await house.add({ zip: zipOf([{ name: 'index.mjs', text: source }]) })
      assert.equal((await house.invoke(arn, { note })).json, false)
      assert.equal((await house.invoke(arn, { note })).json, false)
      assert.equal(readFileSync(note, 'utf8'), 'seen')
    } finally {
      rmSync(note)
    }
  })

  test('a way to get privileges', { skip: confined }, async () => {
    await using house = await FunctionHouse.open()
    const source = `import { readFileSync } from 'node:fs'
      export const handler = async () => readFileSync('/proc/self/status', 'utf8').match(/(CapEff|CapBnd|NoNewPrivs):.*/g)`
    const answer = await house.runs(source)
    assert.deepEqual(answer.json, [
      'CapEff:\t0000000000000000',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
    ])
  })
})

test('another process cannot speak for a function', async () => {
  await using house = await FunctionHouse.open()
  // Its answer comes from a file that the test writes once it has spoken to the address in it.
  const shared = house.directory({})
  const source = `import { existsSync, writeFileSync } from 'node:fs'
    export const handler = async ({ shared }) => {
      writeFileSync(shared + '/address', process.env.AWS_LAMBDA_RUNTIME_API + '!')
      while (!existsSync(shared + '/done')) await new Promise((go) => setTimeout(go, 10))
      return 'its own'
    }`
  const arn = await house.add({ files: { 'index.mjs': source } })
  const answer = house.invoke(arn, { shared })
  await eventually(async () => assert.match(readFileSync(join(shared, 'address'), 'utf8'), /!$/))
  const address = readFileSync(join(shared, 'address'), 'utf8').slice(0, -1)
  await assert.rejects(fetch(`http://${address}/2018-06-01/runtime/invocation/next`), /fetch failed/)
  await assert.rejects(
    fetch(`http://${address}/2018-06-01/runtime/init/error`, { method: 'POST', body: '{}' }),
    /fetch failed/,
  )
  writeFileSync(join(shared, 'done'), '')
  assert.equal((await answer).json, 'its own')
})
