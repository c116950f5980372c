// The counties of the schematic: their outlines, where to write their names, and how far they reach. Pure.
import type { Feature, FeatureCollection, Point } from 'geojson'
import type { Alarm, Priority } from '../logic/alarm'
import type { Counties } from '../state/basemap'

export type Box = [west: number, south: number, east: number, north: number]
export interface Tally { name: string, urgent: number, high: number, low: number, bands: number }

export const CITY: Box = [118.17, 35.53, 120.01, 37.35]

export const namesOf = (counties: Counties | null): string[] =>
  (counties?.features ?? []).filter(({ geometry }) => geometry.type === 'Point').map(({ properties }) => properties.name)

export function boxOf(counties: Counties | null, name: string): Box | null {
  const area = counties?.features.find(({ geometry, properties }) => geometry.type === 'MultiPolygon' && properties.name === name)
  if (area?.geometry.type !== 'MultiPolygon') return null
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [lon, lat] of area.geometry.coordinates.flat(2)) {
    box[0] = Math.min(box[0], lon!)
    box[1] = Math.min(box[1], lat!)
    box[2] = Math.max(box[2], lon!)
    box[3] = Math.max(box[3], lat!)
  }
  return box
}

/** How many alarms are open and how many bands are seen in each county, the most pressing first. */
export function tally(
  names: readonly string[], alarms: readonly Alarm[], countyOf: (siteId: string | null) => string, bandSites: Iterable<string | null>,
): Tally[] {
  const found = new Map<string, Tally>(names.map(name => [name, { name, urgent: 0, high: 0, low: 0, bands: 0 }]))
  for (const alarm of alarms) {
    const county = found.get(countyOf(alarm.site_id))
    if (county) county[alarm.priority]++
  }
  for (const site of bandSites) {
    const county = found.get(countyOf(site))
    if (county) county.bands++
  }
  return [...found.values()].sort((a, b) => b.urgent - a.urgent || b.high - a.high)
}

/** Where the names stand, and what is open there: `said` gives the words of a priority, empty for none. */
export function countyFeatures(
  counties: Counties | null, tallies: readonly Tally[], said: (priority: Priority, count: number) => string,
): FeatureCollection<Point> {
  const of = new Map(tallies.map(one => [one.name, one]))
  const words = (name: string, priority: Priority): string => {
    const count = of.get(name)?.[priority] ?? 0
    return count ? said(priority, count) : ''
  }
  return {
    type: 'FeatureCollection',
    features: (counties?.features ?? []).filter((one): one is Feature<Point, { name: string }> => one.geometry.type === 'Point')
      .map(({ geometry, properties: { name } }) => ({
        type: 'Feature', geometry, properties: { id: name, name, urgent: words(name, 'urgent'), high: words(name, 'high') },
      })),
  }
}

export interface InsetArea { name: string, path: string, x: number, y: number }

const INSET = { width: 100, height: 120 }

/** The counties as outlines 100 wide and 120 high, with where to write in each: the city at a glance, drawn without a map. */
export function insetOf(counties: Counties | null): InsetArea[] {
  const features = counties?.features ?? []
  const [west, south, east, north] = CITY
  const perLon = Math.cos(((south + north) / 2 * Math.PI) / 180)
  const scale = Math.min(INSET.width / ((east - west) * perLon), INSET.height / (north - south))
  const at = ([lon, lat]: number[]): [number, number] => [
    INSET.width / 2 + (lon! - (west + east) / 2) * perLon * scale, INSET.height / 2 - (lat! - (south + north) / 2) * scale,
  ]
  const written = new Map(features.flatMap(({ geometry, properties }) =>
    geometry.type === 'Point' ? [[properties.name, at(geometry.coordinates)] as const] : []))
  return features.flatMap(({ geometry, properties: { name } }) => {
    if (geometry.type !== 'MultiPolygon') return []
    const path = geometry.coordinates.flat().map(ring => `M${ring.map(corner => at(corner).map(n => n.toFixed(1)).join(' ')).join('L')}Z`).join('')
    const [x, y] = written.get(name) ?? [INSET.width / 2, INSET.height / 2]
    return [{ name, path, x, y }]
  })
}
