import { randomBytes, randomInt } from 'node:crypto'

/** The doors to time and chance; tests have others. */
export interface Doors {
  now(): Date
  /** Runs `act` once, `delayMs` from now, unless disposed before. */
  after(delayMs: number, act: () => void): Disposable
  /** A uniform integer in [0, below). */
  below(below: number): number
  hex(bytes: number): string
  /** One event and its fields, for whoever looks after the node; never a value of a command. */
  log(event: string, fields?: Readonly<Record<string, unknown>>): void
}

export const systemDoors: Doors = {
  now: () => new Date(),
  after(delayMs, act) {
    const timeout = setTimeout(act, delayMs)
    return { [Symbol.dispose]: () => clearTimeout(timeout) }
  },
  below: (below) => randomInt(below),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  log: (event, fields = {}) =>
    void process.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), event, ...shown(fields) })}\n`,
    ),
}

function shown(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  )
}
