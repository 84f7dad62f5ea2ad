import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../platform/clock.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { type Confinement, commandOf, isKeptApart, type Launch, placesFor, uidIn } from './confinement.ts'
import { Census } from './family.ts'
import { FunctionProcess } from './function-process.ts'
import { FunctionHouse, isRunning } from './functions.test-support.ts'
import { Output } from './output.ts'
import { FunctionRunner } from './runner.ts'
import { zipOf } from './zip.test-support.ts'

const LAUNCH: Launch = {
  work: '/tmp/work',
  directory: '/srv/code',
  program: ['node', 'run.mjs'],
  hidden: ['/var/lib/lockstep'],
  needed: ['/srv/code', '/opt/lockstep'],
}
const NAMESPACES: Confinement = { namespaces: 'user', setpriv: true }
const NONE: Confinement = { namespaces: 'none', setpriv: false }

describe('the command line of a function', () => {
  test('hides what is hidden and gives up every privilege before the program, in this order', () => {
    const line = commandOf(LAUNCH, NAMESPACES).join(' ')
    assert.match(
      line,
      /^setpriv --pdeathsig KILL unshare --user --map-root-user --mount --pid .*--kill-child=KILL/,
    )
    assert.match(line, /confine\.sh \/tmp\/work yes \/var\/lib\/lockstep -- setpriv .*--no-new-privs/)
    assert.match(
      line,
      /--bounding-set=-all --inh-caps=-all \/bin\/sh \S+start\.sh 1024 \/srv\/code node run\.mjs$/,
    )
  })

  test('changes the user where there is one, with or without namespaces', () => {
    for (const namespaces of ['root', 'none'] as const) {
      const line = commandOf({ ...LAUNCH, uid: 20_001 }, { namespaces, setpriv: true }).join(' ')
      assert.match(line, /--reuid=20001 --regid=20001 --clear-groups .*start\.sh 1024/)
    }
  })

  test('leaves /tmp as it is where the function needs something in it', () => {
    for (const path of ['/tmp/code', '/var/tmp', '/srv/../tmp/code']) {
      assert.match(
        commandOf({ ...LAUNCH, needed: [path] }, NAMESPACES).join(' '),
        /confine\.sh \/tmp\/work no /,
      )
    }
  })

  test('counts no processes where they are the server’s user’s', () => {
    assert.match(commandOf(LAUNCH, NONE).join(' '), /^\/bin\/sh \S+start\.sh unlimited /)
  })
})

test('functions are kept apart by namespaces or by a user of their own, and by nothing else', () => {
  assert.equal(isKeptApart(NAMESPACES, undefined), true)
  assert.equal(isKeptApart({ namespaces: 'none', setpriv: true }, 20_000), true)
  assert.equal(isKeptApart({ namespaces: 'none', setpriv: true }, undefined), false)
  assert.equal(isKeptApart(NONE, 20_000), false)
})

test('of several users no two at once run as the same, and no more run than there are', () => {
  const users = { firstUid: 20_000, lastUid: 20_003 }
  assert.equal(placesFor(16, users), 4)
  assert.equal(placesFor(2, users), 2)
  assert.deepEqual(
    [0, 1, 2, 3].map((place) => uidIn(place, users)),
    [20_000, 20_001, 20_002, 20_003],
  )
  const one = { firstUid: 20_000, lastUid: 20_000 }
  assert.deepEqual([placesFor(16, one), uidIn(7, one), uidIn(7, undefined)], [16, 20_000, undefined])
})

/** Has a shell script start something that stays, and ends it. It runs as a function does on a machine that offers nothing. */
async function unconfined(mark: string, script: string): Promise<void> {
  const lines: string[] = []
  await using processes = new FunctionProcess({
    command: commandOf({ ...LAUNCH, directory: '/', program: ['/bin/sh', '-c', script] }, NONE),
    environment: {
      PATH: '/usr/bin:/bin',
      AWS_LAMBDA_RUNTIME_API: mark,
      LOCKSTEP_VARIABLES: '',
    },
    memoryBytes: 512 * 1024 * 1024,
    endsAsOne: false,
    output: new Output((more) => lines.push(...more), []),
    census: new Census(),
    timer: systemTimer,
  })
  await Promise.race([processes.exited, processes.exceeded])
  assert.ok(isRunning(`: ${mark}`), lines.join('\n'))
}

describe('where the machine offers nothing', { concurrency: 2 }, () => {
  test('what left the group and the session is ended all the same', async () => {
    const mark = `unconfined-${process.pid}-a`
    await unconfined(mark, `setsid sh -c 'sleep 600; : ${mark}' & sleep 0.2`)
    assert.equal(isRunning(mark), false)
  })

  test('also what lost its parents before anybody looked', async () => {
    const mark = `unconfined-${process.pid}-b`
    await unconfined(mark, `(setsid sh -c 'sleep 600; : ${mark}' &) ; sleep 0.05`)
    assert.equal(isRunning(mark), false)
  })

  test('also what has another environment, where it was seen with its parents', async () => {
    const mark = `unconfined-${process.pid}-c`
    await unconfined(mark, `env -i setsid sh -c 'sleep 600; : ${mark}' & sleep 0.5`)
    assert.equal(isRunning(mark), false)
  })
})

const root = process.getuid?.() === 0 ? false : 'only root may choose another user'

describe('--function-user', { skip: root, concurrency: 2 }, () => {
  const WHO = `import { execSync } from 'node:child_process'
    import { readFileSync, writeFileSync } from 'node:fs'
    export const handler = async ({ path }) => {
      writeFileSync(process.env.HOME + '/x', '')
      let read = 'nothing'
      try { read = readFileSync(path, 'utf8') } catch {}
      return { uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), read }
    }`

  test('has functions run as that user, who can write into their directory and read no file of root’s', async () => {
    await using house = await FunctionHouse.open({ settings: { 'function-user': '28000-28001' } })
    const zip = zipOf([{ name: 'index.mjs', text: WHO }])
    const answer = await house.invoke(await house.add({ zip }), { path: '/etc/shadow' })
    const { uid, gid, groups, read } = answer.json
    assert.ok(uid === 28_000 || uid === 28_001)
    assert.deepEqual([gid, groups, read], [uid, [uid], 'nothing'])
  })
})

test('a machine that offers nothing runs what is built in, and users’ functions only if the operator said so', async () => {
  await using house = await FunctionHouse.open()
  const arn = await house.add({
    files: { 'index.mjs': 'export const handler = async () => process.getuid()' },
  })
  const builtIn = 'arn:aws:lambda:us-east-1:111122223333:function:lockstep-rotate-random-password'
  const { store, bus, keyring } = house.server.house
  const on = (confinement: Confinement, mayBeUnconfined: boolean) =>
    new FunctionRunner({
      ...{ store, bus, keyring, clock: house.server.clock, wallClock: systemClock },
      ...{ random: systemRandom, timer: systemTimer, logger: silentLogger },
      endpoint: Promise.resolve('http://127.0.0.1:1'),
      confinement: async () => confinement,
      settings: { concurrency: 1, python: 'python3', hidden: [], mayBeUnconfined },
    })
  await using strict = on(NONE, false)
  const payload = Buffer.from('{}')
  await assert.rejects(strict.invoke({ functionArn: arn, payload }), { code: 'ServiceException' })
  const answer = await strict.invoke({ functionArn: builtIn, payload })
  // It ran, and has found no step in its event.
  assert.match(Buffer.from(answer.payload).toString(), /"trace"/)
  await using told = on(NONE, true)
  assert.equal(
    Buffer.from((await told.invoke({ functionArn: arn, payload })).payload).toString(),
    String(process.getuid?.()),
  )
})
