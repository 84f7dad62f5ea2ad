/** An sshd of its own on loopback, with its own host keys and one user's home, as a node of a fleet. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The account that the tests run as, which is all that an sshd can log in without being root. */
export const USER = userInfo().username

const LISTENS_WITHIN_MS = 10_000

export interface ScriptEnd {
  readonly code: number
  readonly output: string
}

export class Sshd implements AsyncDisposable {
  readonly port: number
  readonly folder: string
  readonly authorizedKeys: string
  #process: ChildProcess

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.folder = folder
    this.port = port
    this.authorizedKeys = join(folder, 'home/.ssh/authorized_keys')
    this.#process = child
  }

  static async start(): Promise<Sshd> {
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-sshd-'))
    mkdirSync(join(folder, 'home'))
    mkdirSync(join(folder, 'bin'))
    const { uid, gid } = userInfo()
    // The account as this node has it: a home of its own.
    const entry = `${USER}:x:${uid}:${gid}::${folder}/home:/bin/sh`
    writeFileSync(join(folder, 'bin/getent'), `#!/bin/sh\n[ "$2" = ${USER} ] && echo '${entry}'\n`, {
      mode: 0o755,
    })
    const port = await freePort()
    newHostKey(folder)
    const config = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${folder}/host_key`,
      `AuthorizedKeysFile ${folder}/home/.ssh/authorized_keys`,
      `PidFile ${folder}/pid`,
      'StrictModes no',
      'PasswordAuthentication no',
      'PermitRootLogin yes',
      'UsePAM no',
      'Subsystem sftp internal-sftp',
      'MaxStartups 100:30:200',
    ]
    writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`)
    const sshd = new Sshd(folder, port, begin(folder))
    await sshd.#listening()
    return sshd
  }

  /** `ssh-ed25519 AAAA…` */
  get hostKey(): string {
    return readFileSync(join(this.folder, 'host_key.pub'), 'utf8').trim()
  }

  keys(): string {
    try {
      return readFileSync(this.authorizedKeys, 'utf8')
    } catch {
      return ''
    }
  }

  /** Another host at the same address. */
  async changeHostKey(): Promise<void> {
    await this.stop()
    rmSync(join(this.folder, 'host_key'))
    newHostKey(this.folder)
    await this.resume()
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((done) => child.once('close', done))
    child.kill('SIGTERM')
    await closed
  }

  async resume(): Promise<void> {
    this.#process = begin(this.folder)
    await this.#listening()
  }

  /** What an agent does with the lines of AWS-RunShellScript. */
  run(script: readonly string[]): Promise<ScriptEnd> {
    const PATH = `${this.folder}/bin:${process.env.PATH}`
    const child = spawn('/bin/sh', ['-c', script.join('\n')], {
      env: { PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk))
    return new Promise((resolve) =>
      child.on('close', (code) => resolve({ code: code ?? -1, output: Buffer.concat(output).toString() })),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #listening(): Promise<void> {
    const limit = performance.now() + LISTENS_WITHIN_MS
    while (spawnSync('ssh-keyscan', ['-T', '2', '-p', String(this.port), '127.0.0.1']).stdout.length === 0) {
      if (performance.now() > limit) throw new Error('sshd does not listen')
      await delay(50)
    }
  }
}

function begin(folder: string): ChildProcess {
  // sshd wants its directory for separated privileges where it runs as root.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true })
  return spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')], { stdio: 'ignore' })
}

function newHostKey(folder: string): void {
  const made = spawnSync('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    '',
    '-f',
    join(folder, 'host_key'),
  ])
  if (made.status !== 0) throw new Error('ssh-keygen failed')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}
