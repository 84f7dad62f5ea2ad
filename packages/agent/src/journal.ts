import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Lines that outlive the process; what {@link append} has returned from is there after a crash. */
export interface Journal {
  /** The whole lines that there are. */
  read(): readonly string[]
  /** Puts these in the place of all that there are: a crash leaves the old ones or the new ones. */
  rewrite(lines: readonly string[]): void
  /** @throws the system's error, with nothing of the line left behind */
  append(line: string): void
  close(): void
}

/** A text that is replaced as a whole; a crash leaves the old one or the new one. */
export interface Keep {
  read(): string | undefined
  write(text: string): void
}

/** What an agent keeps of what happened. */
export interface Kept {
  readonly ledger: Journal
  readonly desired: Keep
}

export function filesIn(stateDirectory: string): Kept {
  return {
    ledger: new FileJournal(join(stateDirectory, 'ledger')),
    desired: new FileKeep(join(stateDirectory, 'desired.json')),
  }
}

/** A journal in a file that only its owner may read. */
export class FileJournal implements Journal {
  readonly #path: string
  #file = -1

  constructor(path: string) {
    this.#path = path
  }

  /** Drops a last line that a crash cut off: whoever wrote it had not returned, and nothing was done on its word. */
  read(): readonly string[] {
    if (!existsSync(this.#path)) return []
    const lines = readFileSync(this.#path, 'utf8').split('\n')
    lines.pop()
    return lines
  }

  rewrite(lines: readonly string[]): void {
    this.close()
    replaceFile(this.#path, lines.map((line) => `${line}\n`).join(''))
    this.#file = openSync(this.#path, 'a', 0o600)
  }

  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    const { size } = fstatSync(this.#file)
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written)
      fsyncSync(this.#file)
    } catch (error) {
      // A full disk leaves half a line, and the next one would run on in it.
      ftruncateSync(this.#file, size)
      throw error
    }
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file)
    this.#file = -1
  }
}

export class FileKeep implements Keep {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  read(): string | undefined {
    return existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : undefined
  }

  write(text: string): void {
    replaceFile(this.#path, text)
  }
}

/** For simulated nodes. */
export class MemoryJournal implements Journal {
  #lines: string[] = []
  read(): readonly string[] {
    return this.#lines
  }
  rewrite(lines: readonly string[]): void {
    this.#lines = [...lines]
  }
  append(line: string): void {
    this.#lines.push(line)
  }
  close(): void {}
}

export class MemoryKeep implements Keep {
  #text: string | undefined
  read(): string | undefined {
    return this.#text
  }
  write(text: string): void {
    this.#text = text
  }
}

/** Beside, and then in its place. */
function replaceFile(path: string, text: string): void {
  const beside = `${path}.new`
  const file = openSync(beside, 'w', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
  const directory = openSync(dirname(path), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
