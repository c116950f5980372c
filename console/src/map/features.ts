// Turns what the console knows into what the map draws. Pure.
import type { Feature, FeatureCollection, Point, Polygon, MultiPolygon } from 'geojson'
import type { Alarm } from '../logic/alarm'
import { ring } from '../logic/geometry'
import type { Fix } from '../state/positions'
import type { Fence, Site } from '../state/roster'

type Points = FeatureCollection<Point>

const point = (lon: number, lat: number, properties: Record<string, unknown>): Feature<Point> =>
  ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [lon, lat] } })
const collection = <G extends Point | Polygon | MultiPolygon>(features: Feature<G>[]): FeatureCollection<G> =>
  ({ type: 'FeatureCollection', features })

export const siteFeatures = (sites: Iterable<Site>): Points =>
  collection([...sites].map(site => point(site.lon, site.lat, { id: site.site_id, name: site.name ?? site.site_id })))

export const deviceFeatures = (fixes: ReadonlyMap<string, Fix>, name: (deviceId: string) => string): Points =>
  collection([...fixes].map(([id, fix]) => point(fix.lon, fix.lat, { id, name: name(id) })))

export function fenceFeatures(fences: Iterable<Fence>): FeatureCollection<Polygon | MultiPolygon> {
  return collection([...fences].map(fence => {
    const shape = fence.geometry
    const geometry = shape.type === 'Point'
      ? { type: 'Polygon', coordinates: [ring({ lon: shape.coordinates[0]!, lat: shape.coordinates[1]! }, shape.radius_m)] } as Polygon
      : shape as Polygon | MultiPolygon
    return { type: 'Feature', properties: { id: fence.fence_id, name: fence.name ?? fence.fence_id, role: fence.role }, geometry }
  }))
}

export const accuracyFeature = (fix: Fix | undefined): FeatureCollection<Polygon> =>
  collection(fix?.acc_m ? [{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring(fix, fix.acc_m)] } }] : [])

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
    })))
}
