// Turns what the console knows into what the map draws. Pure.
import type { Feature, FeatureCollection, LineString, Point, Polygon, MultiPolygon } from 'geojson'
import type { Alarm } from '../logic/alarm'
import { reachM, ring } from '../logic/geometry'
import { inForce } from '../logic/schedule'
import { type Point as TrackPoint, stretches } from '../logic/track'
import type { Fix } from '../logic/fix'
import type { Fence, Site } from '../state/roster'

/** 95 of 100 lost persons with dementia are found within this; a circle beyond it says nothing. */
export const REACH_MAX_M = 5_800

type Points = FeatureCollection<Point>

const point = (lon: number, lat: number, properties: Record<string, unknown>): Feature<Point> =>
  ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [lon, lat] } })
const collection = <G extends Point | LineString | Polygon | MultiPolygon>(features: Feature<G>[]): FeatureCollection<G> =>
  ({ type: 'FeatureCollection', features })

export const chosenFeature = (at: { lon: number, lat: number } | undefined): Points => collection(at ? [point(at.lon, at.lat, {})] : [])

export const siteFeatures = (sites: Iterable<Site>): Points =>
  collection([...sites].map(site => point(site.lon, site.lat, { id: site.site_id, name: site.name ?? site.site_id })))

export const deviceFeatures = (fixes: ReadonlyMap<string, Fix>, name: (deviceId: string) => string): Points =>
  collection([...fixes].map(([id, fix]) => point(fix.lon, fix.lat, { id, name: name(id) })))

/** One mark a site that has sensors: they stand where their site stands. `counts` by site. */
export const sensorFeatures = (sites: ReadonlyMap<string, Site>, counts: ReadonlyMap<string, number>): Points =>
  collection([...counts].flatMap(([id, count]) => {
    const site = sites.get(id)
    return site ? [point(site.lon, site.lat, { id, name: String(count) })] : []
  }))

/** `say` gives a fence its label; without it, its name. What is not in force now is `faint`. */
export function fenceFeatures(
  fences: Iterable<Fence>, nowMs?: number, say?: (fence: Fence, faint: boolean) => string,
): FeatureCollection<Polygon | MultiPolygon> {
  return collection([...fences].map(fence => {
    const shape = fence.geometry
    const geometry = shape.type === 'Point'
      ? { type: 'Polygon', coordinates: [ring({ lon: shape.coordinates[0]!, lat: shape.coordinates[1]! }, shape.radius_m)] } as Polygon
      : shape as Polygon | MultiPolygon
    const name = fence.name ?? fence.fence_id
    const faint = nowMs !== undefined && !inForce(fence.schedule, nowMs)
    return { type: 'Feature', properties: { id: fence.fence_id, name, role: fence.role, faint, label: say?.(fence, faint) ?? name }, geometry }
  }))
}

const circle = (fix: Fix, radiusM: number): Feature<Polygon> =>
  ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring(fix, radiusM)] } })

export const accuracyFeatures = (fixes: Iterable<Fix>): FeatureCollection<Polygon> =>
  collection([...fixes].filter(fix => fix.acc_m).map(fix => circle(fix, fix.acc_m!)))

export const accuracyFeature = (fix: Fix | undefined): FeatureCollection<Polygon> => accuracyFeatures(fix ? [fix] : [])

/** How far somebody on foot may be by now. */
export const fixReachM = (fix: Fix, nowMs: number): number => Math.min(reachM(fix.acc_m, nowMs - fix.measured_at_ms, fix.src), REACH_MAX_M)

export const reachFeatures = (fixes: Iterable<Fix>, nowMs: number): FeatureCollection<Polygon> =>
  collection([...fixes].map(fix => circle(fix, fixReachM(fix, nowMs))))

/** The way of late: unbroken stretches, and straight gaps of which nobody knows the way. */
export function trailFeatures(points: readonly TrackPoint[]): FeatureCollection<LineString> {
  const runs = stretches(points)
  const line = (of: readonly TrackPoint[], gap: boolean): Feature<LineString> =>
    ({ type: 'Feature', properties: { gap }, geometry: { type: 'LineString', coordinates: of.map(({ lon, lat }) => [lon, lat]) } })
  return collection([
    ...runs.filter(run => run.length > 1).map(run => line(run, false)),
    ...runs.slice(1).map((run, i) => line([runs[i]!.at(-1)!, run[0]!], true)),
  ])
}

/** Where an alarm is: where the device is now, where it was, or else at its site. */
export function alarmPlace(
  alarm: Alarm, fixes: ReadonlyMap<string, Fix>, sites: ReadonlyMap<string, Site>,
): { lon: number, lat: number } | null {
  return fixes.get(alarm.device_id ?? '') ?? (alarm.position as Fix | null) ?? sites.get(alarm.site_id ?? '') ?? null
}

/** One mark a place: the most pressing alarm there, with how many there are. `alarms` in the queue's order. */
export function alarmFeatures(
  alarms: readonly Alarm[], fixes: ReadonlyMap<string, Fix>, sites: ReadonlyMap<string, Site>, name: (alarm: Alarm) => string,
): Points {
  const marks = new Map<string, { alarm: Alarm, at: { lon: number, lat: number }, count: number }>()
  for (const alarm of alarms) {
    const at = alarmPlace(alarm, fixes, sites)
    if (!at) continue
    const key = `${at.lon},${at.lat}`
    const mark = marks.get(key)
    if (mark) mark.count++
    else marks.set(key, { alarm, at, count: 1 })
  }
  // The most pressing is drawn last, on top.
  return collection([...marks.values()].reverse().map(({ alarm, at, count }) =>
    point(at.lon, at.lat, {
      id: alarm.alarm_id,
      name: count > 1 ? `${name(alarm)} ×${count}` : name(alarm),
      count,
    })))
}
