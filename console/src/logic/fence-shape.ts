// The outline of a fence as it is edited: a circle, or areas of an outside and holes. Pure.
import type { Fence } from '../state/roster'
import { around, distanceM, type LonLat, ring as circleRing } from './geometry'

export type At = [lon: number, lat: number]
/** Open: the first corner is not said again at the end. */
export type Ring = At[]
export interface Circle { kind: 'circle', centre: At, radiusM: number }
/** Each part: its outside, then its holes. */
export interface Area { kind: 'area', parts: Ring[][] }
export type Shape = Circle | Area
export type Geometry = Fence['geometry']

export const EMPTY: Area = { kind: 'area', parts: [] }
const DIGITS = 7 // a centimetre

export const lonLat = ([lon, lat]: At): LonLat => ({ lon, lat })
const at = (position: number[]): At => [position[0]!, position[1]!]
const round = (degrees: number): number => Number(degrees.toFixed(DIGITS))
export const rounded = ([lon, lat]: At): At => [round(lon), round(lat)]
const opened = (ring: number[][]): Ring => ring.slice(0, -1).map(at)
export const closed = (ring: Ring): At[] => (ring.length ? [...ring, ring[0]!] : [])

export function fromGeometry(geometry: Geometry): Shape {
  if (geometry.type === 'Point') return { kind: 'circle', centre: at(geometry.coordinates), radiusM: geometry.radius_m }
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  return { kind: 'area', parts: parts.map(rings => rings.map(opened)) }
}

export function toGeometry(shape: Shape): Geometry {
  if (shape.kind === 'circle') return { type: 'Point', coordinates: shape.centre, radius_m: shape.radiusM }
  const parts = shape.parts.map(rings => rings.map(closed))
  return parts.length === 1 ? { type: 'Polygon', coordinates: parts[0]! } : { type: 'MultiPolygon', coordinates: parts }
}

/** Everything to draw: the circle as a ring of corners. */
export const ringsOf = (shape: Shape): Ring[] =>
  shape.kind === 'circle' ? [circleRing(lonLat(shape.centre), shape.radiusM).slice(0, -1)] : shape.parts.flat()

/** Where a ring is: the mean of its corners. */
export function middle(ring: Ring): LonLat {
  const known = ring.filter(([lon, lat]) => Number.isFinite(lon) && Number.isFinite(lat))
  const mean = (i: 0 | 1): number => known.reduce((sum, corner) => sum + corner[i], 0) / known.length
  return { lon: mean(0), lat: mean(1) }
}

/** A circle from the corners that a drawing tool made of it. */
export function circleOf(ring: Ring): Circle {
  const centre = middle(ring)
  const radiusM = ring.reduce((sum, corner) => sum + distanceM(centre, lonLat(corner)), 0) / ring.length
  return { kind: 'circle', centre: rounded([centre.lon, centre.lat]), radiusM: Math.max(1, Math.round(radiusM)) }
}

/** A square to begin with, for those who do not draw. */
export function square(centre: LonLat, sideM: number): Ring {
  const corners = circleRing(centre, sideM / Math.SQRT2, 8).filter((_, i) => i % 2 === 1)
  return corners.slice(0, 4).map(rounded)
}

/** Square metres within a ring. */
export function areaM2(ring: Ring): number {
  if (ring.length < 3) return 0
  const toMetres = around(lonLat(ring[0]!))
  const points = ring.map(corner => toMetres(lonLat(corner)))
  return Math.abs(points.reduce((sum, { x, y }, i) => {
    const next = points[(i + 1) % points.length]!
    return sum + x * next.y - next.x * y
  }, 0)) / 2
}

export function contains(ring: Ring, [lon, lat]: At): boolean {
  let inside = false
  ring.forEach(([ax, ay], i) => {
    const [bx, by] = ring[(i + 1) % ring.length]!
    if ((ay > lat) !== (by > lat) && lon < ax + ((lat - ay) / (by - ay)) * (bx - ax)) inside = !inside
  })
  return inside
}

/** Whether a place is within a shape; in a hole it is not. */
export function isWithin(shape: Shape, place: LonLat): boolean {
  if (shape.kind === 'circle') return distanceM(lonLat(shape.centre), place) <= shape.radiusM
  const at: At = [place.lon, place.lat]
  return shape.parts.some(([outside, ...holes]) => contains(outside!, at) && !holes.some(hole => contains(hole, at)))
}

// Changes ------------------------------------------------------------------------------------------

const replaced = <T>(items: readonly T[], index: number, change: (item: T) => T): T[] =>
  items.map((item, i) => (i === index ? change(item) : item))

/** One ring changed; a ring without corners goes, and a part with its outside. */
export function withRing(area: Area, part: number, ring: number, change: (ring: Ring) => Ring): Area {
  const parts = replaced(area.parts, part, rings => {
    const changed = replaced(rings, ring, change)
    return changed[0]!.length ? changed.filter(one => one.length) : []
  })
  return { kind: 'area', parts: parts.filter(rings => rings.length) }
}

export const withPart = (shape: Shape, ring: Ring): Area =>
  ({ kind: 'area', parts: [...(shape.kind === 'area' ? shape.parts : []), [ring]] })

/** A hole goes into the part that holds its first corner, else into the first. */
export function withHole(area: Area, hole: Ring): Area {
  const found = area.parts.findIndex(rings => contains(rings[0]!, hole[0]!))
  return { kind: 'area', parts: replaced(area.parts, Math.max(0, found), rings => [...rings, hole]) }
}
