// What a replay tells of a day of fixes: pieces to draw, stops, what came late, which way. Pure.
import { distanceM, type LonLat } from './geometry'
import { GAP_MS, type Point } from './track'

/** A fix of a person's track also says which device measured it. */
export type TrackPoint = Point & { device_id?: string | null }

export const LATE_MS = 5 * 60_000
export const isLate = (point: Point): boolean => point.received_at_ms - point.measured_at_ms > LATE_MS

const CHUNK = 100

/** A piece of the way, both ends included; it belongs to no gap. */
export interface Chunk { from: number, to: number }
export interface Pieces { chunks: Chunk[], gaps: Chunk[] }

/** Cuts the way into short pieces, so that a moving slider redraws one of them and not ten thousand fixes. */
export function piecesOf(points: readonly TrackPoint[]): Pieces {
  const found: Pieces = { chunks: [], gaps: [] }
  let from = 0
  const end = (to: number): void => {
    if (to > from) found.chunks.push({ from, to })
    from = to
  }
  for (let i = 1; i < points.length; i++) {
    if (isGap(points[i - 1]!, points[i]!)) {
      end(i - 1)
      found.gaps.push({ from: i - 1, to: i })
      from = i
    } else if (i - from >= CHUNK) end(i)
  }
  end(points.length - 1)
  return found
}

/** Between two fixes far apart in time, or of two devices, nobody knows the way. */
export const isGap = (a: TrackPoint, b: TrackPoint): boolean =>
  b.measured_at_ms - a.measured_at_ms > GAP_MS || (a.device_id ?? '') !== (b.device_id ?? '')

/** The piece the index lies in, -1: in a gap's end or before everything. Pieces are in order. */
export function pieceAt(chunks: readonly Chunk[], index: number): number {
  let [low, high] = [0, chunks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (chunks[middle]!.to < index) low = middle + 1
    else high = middle
  }
  const piece = chunks[low]
  return piece && piece.from <= index ? low : -1
}

export interface Stop { fromMs: number, toMs: number, lat: number, lon: number, index: number }

const STOP_M = 60
const STOP_MS = 10 * 60_000

/** Where somebody stayed within a few steps, as far as the fixes can tell, for ten minutes and more. */
export function stopsOf(points: readonly TrackPoint[]): Stop[] {
  const found: Stop[] = []
  let first = 0
  let sum = { lat: 0, lon: 0 }
  const end = (next: number): void => {
    const [a, b] = [points[first], points[next - 1]]
    const count = next - first
    if (a && b && b.measured_at_ms - a.measured_at_ms >= STOP_MS) {
      found.push({ fromMs: a.measured_at_ms, toMs: b.measured_at_ms, lat: sum.lat / count, lon: sum.lon / count, index: first })
    }
    first = next
    sum = { lat: 0, lon: 0 }
  }
  points.forEach((point, i) => {
    const count = i - first
    if (count) {
      const centre = { lat: sum.lat / count, lon: sum.lon / count }
      const reach = Math.max(STOP_M, Math.min(point.acc_m ?? STOP_M, 3 * STOP_M))
      if (isGap(points[i - 1]!, point) || distanceM(centre, point) > reach) end(i)
    }
    sum = { lat: sum.lat + point.lat, lon: sum.lon + point.lon }
  })
  end(points.length)
  return found
}

/** Degrees from north, clockwise; null where nothing is known to have moved. */
export function headingDeg(points: readonly TrackPoint[], index: number): number | null {
  const [from, to] = [points[index - 1], points[index]]
  if (!from || !to || isGap(from, to)) return null
  if (distanceM(from, to) <= Math.max(from.acc_m ?? 0, to.acc_m ?? 0)) return null
  const east = (to.lon - from.lon) * Math.cos((to.lat * Math.PI) / 180)
  return (Math.atan2(east, to.lat - from.lat) * (180 / Math.PI) + 360) % 360
}

export const WINDS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const
export const windOf = (degrees: number): (typeof WINDS)[number] => WINDS[Math.round(degrees / 45) % 8]!

/** The length of the known way; steps within the accuracy of a fix are no way. */
export function lengthM(points: readonly TrackPoint[]): number {
  let [sum, anchor] = [0, points[0]]
  for (const point of points) {
    if (!anchor || isGap(anchor, point)) {
      anchor = point
      continue
    }
    const step = distanceM(anchor, point)
    if (step <= Math.max(anchor.acc_m ?? 0, point.acc_m ?? 0)) continue
    sum += step
    anchor = point
  }
  return sum
}

/** West, south, east, north of all. */
export function boxOf(places: readonly LonLat[]): [number, number, number, number] | null {
  if (!places.length) return null
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { lon, lat } of places) {
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  return box
}
