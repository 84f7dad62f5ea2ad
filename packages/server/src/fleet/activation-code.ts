import { createHash, timingSafeEqual } from 'node:crypto'
import { type Random, randomText } from '../platform/random.ts'
import type { Activation } from '../store/nodes.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** 142 bits: nobody guesses it, so that a plain digest keeps it. */
const LENGTH = 24

/** What an operator gives to a machine. It is shown once. */
export function newActivationCode(random: Random): string {
  return randomText(random, ALPHABET, LENGTH)
}

/** How a code is kept. */
export function digestOfCode(code: string): string {
  return createHash('sha256').update(code, 'utf8').digest('hex')
}

/** Whether this is the activation's code, in a time that does not tell how much of it is right. */
export function isCodeOf({ codeDigest }: Pick<Activation, 'codeDigest'>, code: string): boolean {
  const [held, given] = [codeDigest, digestOfCode(code)].map((hex) => Buffer.from(hex, 'hex'))
  return (
    held !== undefined && given !== undefined && held.length === given.length && timingSafeEqual(held, given)
  )
}
