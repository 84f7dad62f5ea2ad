import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test as nodeTest, type TestContext } from 'node:test'

const SEARCHED = `${process.env.PATH ?? ''}${delimiter}/usr/sbin`.split(delimiter)
const absent = ['sshd', 'ssh-keygen', 'ssh-keyscan'].filter(
  (program) => !SEARCHED.some((folder) => existsSync(join(folder, program))),
)

/**
 * node:test's own for tests that need a real OpenSSH, which is counted as skipped where there is none. The conformance
 * tests install one and run them again.
 */
export function test(name: string, body: (t: TestContext) => Promise<void> | void): void {
  void nodeTest(
    name,
    { skip: absent.length > 0 && `OpenSSH is not installed: no ${absent.join(', ')}` },
    body,
  )
}
