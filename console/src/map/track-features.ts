// A day's track as the map draws it. Pure.
import type { Feature, FeatureCollection, LineString, MultiPolygon, Point, Polygon, Position } from 'geojson'
import { ring } from '../logic/geometry'
import { inForce } from '../logic/in-force'
import { type Chunk, isLate, type Pieces, type TrackPoint } from '../logic/replay'
import type { DayAlarm } from '../state/day'
import { indexAt } from '../logic/track'
import type { Fence } from '../state/roster'
import { toMap } from './here'

const collection = <G extends Point | LineString | Polygon | MultiPolygon>(features: Feature<G>[]): FeatureCollection<G> =>
  ({ type: 'FeatureCollection', features })
const at = ({ lon, lat }: { lon: number, lat: number }): Position => toMap(lon, lat)

const line = (points: readonly TrackPoint[], { from, to }: Chunk, id: number): Feature<LineString> =>
  ({ type: 'Feature', id, properties: {}, geometry: { type: 'LineString', coordinates: points.slice(from, to + 1).map(at) } })

/** The id of a piece is its place in the list, so that its state can be set. */
export const pieceLines = (points: readonly TrackPoint[], { chunks }: Pieces): FeatureCollection<LineString> =>
  collection(chunks.map((chunk, id) => line(points, chunk, id)))
export const gapLines = (points: readonly TrackPoint[], { gaps }: Pieces): FeatureCollection<LineString> =>
  collection(gaps.map((gap, id) => line(points, gap, id)))
export const partLine = (points: readonly TrackPoint[], part: Chunk | null): FeatureCollection<LineString> =>
  collection(part && part.to > part.from ? [line(points, part, 0)] : [])

export const SOURCES = ['gnss', 'wifi', 'cell', 'ble'] as const
export const sourceOf = (point: TrackPoint): string => (SOURCES.find(name => name === point.src) ?? 'unknown')

export const fixMarks = (points: readonly TrackPoint[]): FeatureCollection<Point> =>
  collection(points.map((point, index) => ({
    type: 'Feature', properties: { index, icon: `fix-${sourceOf(point)}${isLate(point) ? '-late' : ''}` },
    geometry: { type: 'Point', coordinates: at(point) },
  })))

/** Where the wearer was when the alarm was raised, as far as the track knows; else where the alarm says. */
export function alarmMarks(points: readonly TrackPoint[], alarms: readonly DayAlarm[], name: (alarm: DayAlarm) => string): FeatureCollection<Point> {
  return collection(alarms.flatMap(alarm => {
    const place = points[Math.max(0, indexAt(points, alarm.at_ms))] ?? (alarm.position as { lon: number, lat: number } | null)
    if (!place) return []
    return [{
      type: 'Feature', properties: { id: alarm.alarm_id, name: name(alarm), icon: `alarm-${alarm.priority}` },
      geometry: { type: 'Point', coordinates: at(place) },
    } as Feature<Point>]
  }))
}

export function fenceAreas(fences: readonly Fence[], ms: number): FeatureCollection<Polygon | MultiPolygon> {
  const moved = (rings: readonly (readonly number[][])[]): Position[][] => rings.map(one => one.map(([lon, lat]) => toMap(lon!, lat!)))
  return collection(fences.map(fence => {
    const shape = fence.geometry
    const geometry: Polygon | MultiPolygon = shape.type === 'Point'
      ? { type: 'Polygon', coordinates: moved([ring({ lon: shape.coordinates[0]!, lat: shape.coordinates[1]! }, shape.radius_m)]) }
      : shape.type === 'Polygon'
        ? { type: 'Polygon', coordinates: moved(shape.coordinates as number[][][]) }
        : { type: 'MultiPolygon', coordinates: (shape.coordinates as number[][][][]).map(moved) }
    return { type: 'Feature', properties: { role: fence.role, force: inForce(fence.schedule, ms) }, geometry }
  }))
}

export const accuracyArea = (point: TrackPoint | undefined): FeatureCollection<Polygon> =>
  collection(point?.acc_m
    ? [{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring(point, point.acc_m).map(([lon, lat]) => toMap(lon, lat))] } }]
    : [])

export const nowMark = (point: TrackPoint | undefined, heading: number | null): FeatureCollection<Point> =>
  collection(point
    ? [{ type: 'Feature', properties: { icon: heading === null ? 'now-still' : 'now-moving', heading: heading ?? 0 }, geometry: { type: 'Point', coordinates: at(point) } }]
    : [])
