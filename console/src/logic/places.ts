// The tree of city, counties and sites, with the alarms at each node by priority.
import type { Alarm, Priority } from './alarm'

export type Counts = Record<Priority, number>

export interface PlaceNode {
  /** The county's name, or the site's id. */
  key: string
  level: 1 | 2
  name: string
  county: string
  counts: Counts
  children: PlaceNode[]
}

interface PlacedSite {
  site_id: string
  name?: string | null
  county?: string | null
}

/** Of one county's sites; a list longer than a person reads is found by typing. */
const MAX_SITES = 200

const none = (): Counts => ({ urgent: 0, high: 0, low: 0 })
const byNeed = (a: PlaceNode, b: PlaceNode): number =>
  b.counts.urgent - a.counts.urgent || b.counts.high - a.counts.high || b.counts.low - a.counts.low || a.name.localeCompare(b.name, 'zh-CN')

/** Where the most pressing alarms are comes first. An alarm of no known site counts for the city alone. */
export function placeTree(sites: Iterable<PlacedSite>, alarms: readonly Alarm[]): { counts: Counts, counties: PlaceNode[] } {
  const counties = new Map<string, PlaceNode>()
  const bySite = new Map<string, PlaceNode>()
  for (const site of sites) {
    const county = site.county ?? ''
    let above = counties.get(county)
    if (!above) counties.set(county, (above = { key: county || '-', level: 1, name: county, county, counts: none(), children: [] }))
    const node: PlaceNode = { key: site.site_id, level: 2, name: site.name ?? site.site_id, county, counts: none(), children: [] }
    above.children.push(node)
    bySite.set(site.site_id, node)
  }
  const counts = none()
  for (const alarm of alarms) {
    counts[alarm.priority]++
    const node = bySite.get(alarm.site_id ?? '')
    if (!node) continue
    node.counts[alarm.priority]++
    counties.get(node.county)!.counts[alarm.priority]++
  }
  for (const county of counties.values()) county.children.sort(byNeed)
  // Sites whose county nobody wrote down cannot be narrowed to by county; they are found by name.
  return { counts, counties: [...counties.values()].sort(byNeed) }
}

/** What is seen of the tree: the open counties, or what fits the words. */
export function placeRows(
  tree: { counties: PlaceNode[] },
  open: ReadonlySet<string>,
  q: string,
  fits: (name: string, q: string) => boolean,
): { nodes: PlaceNode[], omitted: number } {
  const nodes: PlaceNode[] = []
  let omitted = 0
  for (const county of tree.counties) {
    const whole = !q || fits(county.name, q)
    const matching = q ? county.children.filter(site => fits(site.name, q)) : open.has(county.key) ? county.children : []
    if (!whole && !matching.length) continue
    nodes.push(county, ...matching.slice(0, MAX_SITES))
    omitted += Math.max(0, matching.length - MAX_SITES)
  }
  return { nodes, omitted }
}
