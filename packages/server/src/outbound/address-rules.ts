import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

/**
 * What is nobody's on the public internet, or more than one's.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry/
 */
const REFUSED_IPV4: readonly Range[] = [
  '0.0.0.0/8', // "this network"
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carriers' translation
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, clouds' metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
].map((cidr) => ipaddr.parseCIDR(cidr))

/** All that is public of IPv6 lies here: loopback, ULA, link-local, NAT64, multicast and mapped IPv4 do not. */
const GLOBAL_IPV6: Range = ipaddr.parseCIDR('2000::/3')

/** What of it is not, or stands for an IPv4 address. @see https://www.iana.org/assignments/iana-ipv6-special-registry/ */
const REFUSED_IPV6: readonly Range[] = [
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID and others
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address inside
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
].map((cidr) => ipaddr.parseCIDR(cidr))

/** Which addresses the server may connect to on somebody's behalf. */
export class AddressRules {
  readonly #allowed: readonly Range[]

  /** @param allowed Ranges that are admitted although they are not public, in CIDR notation, each checked. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = allowed.map((cidr) => ipaddr.parseCIDR(cidr))
  }

  /** Whether an address, as text, may be connected to. What is no address may not. */
  admits(text: string): boolean {
    // The library alone would take 127.1, too.
    if (isIP(text) === 0) return false
    const address = unmapped(ipaddr.parse(text))
    if (isWithin(address, this.#allowed)) return true
    if (address.kind() === 'ipv4') return !isWithin(address, REFUSED_IPV4)
    return isWithin(address, [GLOBAL_IPV6]) && !isWithin(address, REFUSED_IPV6)
  }

  /**
   * Whether a URL's host may be; of a name, whether it could be. What a name resolves to is asked of
   * {@link admits} for each connection.
   * @param host As WHATWG's URL writes it: `0x7f.1` is 127.0.0.1 by then, and IPv6 stands in brackets.
   */
  admitsHost(host: string): boolean {
    const bare = host.replace(/^\[(.*)\]$/, '$1')
    if (isIP(bare) !== 0) return this.admits(bare)
    if (bare !== '' && !/(?:^|\.)localhost\.?$/i.test(bare)) return true
    return this.admits('127.0.0.1') || this.admits('::1')
  }
}

/** Whether text is a range in CIDR notation. */
export function isCidr(text: string): boolean {
  return ipaddr.isValidCIDR(text)
}

/** An IPv4 address that is written as IPv6's `::ffff:0:0/96` is that address. */
function unmapped(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

function isWithin(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}
