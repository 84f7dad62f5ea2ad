/** DIVERGENCE: each region has one zone, its first. */
export function zoneOf(region: string): string {
  return `${region}a`
}

const ABBREVIATED = /gov|north|south|east|west|central/g

/** As EC2 calls it in every account: `use1-az1` in us-east-1, `apse2-az1` in ap-southeast-2. */
export function zoneIdOf(region: string): string {
  const short = region.replace(ABBREVIATED, (word) => word.charAt(0)).replaceAll('-', '')
  return `${short}-az1`
}
