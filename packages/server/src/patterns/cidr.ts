import ipaddr from 'ipaddr.js'
import { InvalidPattern } from './invalid-pattern.ts'

const { IPv4, IPv6 } = ipaddr

const IPV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/
const INTEGER = /^[+-]?[0-9]+$/

/**
 * A block of addresses, compiled.
 *
 * DIVERGENCE: AWS lets a block that is written with host bits (`10.0.0.5/24`) begin at that address; we take the whole
 * block.
 *
 * @throws InvalidPattern
 */
export function compileCidr(block: string): (text: string) => boolean {
  const [base = '', bits = '', ...others] = block.split('/')
  if (!block.includes('/') || bits === '' || others.length > 0)
    throw new InvalidPattern("Malformed CIDR, one '/' required")
  if (!INTEGER.test(bits)) throw new InvalidPattern('Malformed CIDR, mask bits must be an integer')
  const mask = Number(bits)
  if (mask < 0) throw new InvalidPattern('Malformed CIDR, mask bits must not be negative')
  const address = addressOf(base)
  if (!address) throw new InvalidPattern(`Nonstandard IP address: ${base}`)
  if (address instanceof IPv4) {
    if (mask > 31) throw new InvalidPattern('IPv4 mask bits must be < 32')
    return (text) => {
      const asked = addressOf(text)
      return asked instanceof IPv4 && asked.match(address, mask)
    }
  }
  if (mask > 127) throw new InvalidPattern('IPv6 mask bits must be < 128')
  return (text) => {
    const asked = addressOf(text)
    return asked instanceof IPv6 && asked.match(address, mask)
  }
}

function addressOf(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (IPV4.test(text)) return IPv4.isValidFourPartDecimal(text) ? IPv4.parse(text) : undefined
  return text.includes(':') && !text.includes('%') && IPv6.isValid(text) ? IPv6.parse(text) : undefined
}
