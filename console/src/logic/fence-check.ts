// What is wrong with an outline, while it is being typed or drawn. The server has the last word. Pure.
import { areaM2, type At, contains, type Ring, type Shape } from './fence-shape'

export interface Trouble {
  level: 'error' | 'warning'
  /** Words: fence.trouble.{code} */
  code: string
  named: Record<string, string | number>
  /** Which ring it is about, and the corners that edges begin at. */
  part?: number
  ring?: number
  corners?: number[]
}

/** The city's bounds, with room for its neighbours. */
const CITY = { west: 118.0, east: 120.2, south: 35.4, north: 37.5 }
export const MAX_RADIUS_M = 100_000
const MAX_CORNERS = 10_000
const MAX_CHECKED = 1_500 // every edge against every other; beyond it the server alone looks
const SMALL_M2 = 1
const LARGE_M2 = 50e6 // a street of the city has about as much

type Found = Omit<Trouble, 'level' | 'named'> & Partial<Pick<Trouble, 'named'>>
const error = (found: Found): Trouble => ({ level: 'error', named: {}, ...found })
const warning = (found: Found): Trouble => ({ level: 'warning', named: {}, ...found })

const inCity = (lon: number, lat: number): boolean =>
  lon >= CITY.west && lon <= CITY.east && lat >= CITY.south && lat <= CITY.north

/** One position by itself. `n` counts from one; zero is the centre of a circle. */
function positionTrouble([lon, lat]: At, n: number): Omit<Trouble, 'part' | 'ring'> | null {
  const found = { named: { n }, corners: [Math.max(0, n - 1)] }
  const centre = n === 0 ? '_centre' : ''
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return error({ code: `number${centre}`, ...found })
  if (inCity(lat, lon)) return error({ code: `swapped${centre}`, ...found })
  if (Math.abs(lon) > 180 || Math.abs(lat) > 85) return error({ code: `range${centre}`, ...found })
  return inCity(lon, lat) ? null : warning({ code: `outside_city${centre}`, ...found })
}

const side = ([ax, ay]: At, [bx, by]: At, [cx, cy]: At): number => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
const between = ([ax, ay]: At, [bx, by]: At, [cx, cy]: At): boolean =>
  Math.min(ax, bx) <= cx && cx <= Math.max(ax, bx) && Math.min(ay, by) <= cy && cy <= Math.max(ay, by)

/** Whether two edges cross; those of one ring may not even touch. */
function meet(a: At, b: At, c: At, d: At, self: boolean): boolean {
  const [s1, s2, s3, s4] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)]
  if (s1 !== s2 && s3 !== s4 && s1 && s2 && s3 && s4) return true
  return self && ((!s1 && between(a, b, c)) || (!s2 && between(a, b, d)) || (!s3 && between(c, d, a)) || (!s4 && between(c, d, b)))
}

const edge = (ring: Ring, i: number): [At, At] => [ring[i]!, ring[(i + 1) % ring.length]!]
const same = (a: At, b: At): boolean => a[0] === b[0] && a[1] === b[1]

/** The first edges of two rings that meet; of one ring with itself, neighbours aside. */
function firstMeeting(one: Ring, other: Ring): [number, number] | null {
  const self = one === other
  for (let i = 0; i < one.length; i++) {
    for (let j = self ? i + 1 : 0; j < other.length; j++) {
      const neighbours = self && (j === i + 1 || (i === 0 && j === one.length - 1))
      if (!neighbours && meet(...edge(one, i), ...edge(other, j), self)) return [i, j]
    }
  }
  return null
}

/** Neighbours meet at their corner; turning back on itself is a crossing all the same. */
function spike(ring: Ring): number | null {
  const found = ring.findIndex((corner, i) => {
    const before = ring[(i + ring.length - 1) % ring.length]!
    const after = ring[(i + 1) % ring.length]!
    const ahead = (after[0] - corner[0]) * (before[0] - corner[0]) + (after[1] - corner[1]) * (before[1] - corner[1])
    return side(before, corner, after) === 0 && ahead > 0
  })
  return found < 0 ? null : found
}

/** All on one line. The area would not do: the two halves of a crossed ring cancel each other out. */
const isFlat = (ring: Ring): boolean =>
  ring.slice(2).every((corner, i) => areaM2([ring[0]!, ring[i + 1]!, corner]) < SMALL_M2)

function ringTroubles(ring: Ring, part: number, index: number): Trouble[] {
  const where = { part, ring: index }
  const troubles: Trouble[] = []
  let outside: Trouble | null = null
  ring.forEach((corner, i) => {
    const found = positionTrouble(corner, i + 1)
    if (found?.level === 'error') troubles.push({ ...found, ...where })
    else if (found) outside ??= { ...found, ...where }
  })
  if (troubles.length) return troubles
  if (ring.length < 3) return [error({ code: 'few_corners', named: { n: ring.length }, ...where })]
  if (outside) troubles.push(outside)
  const twin = ring.findIndex((corner, i) => same(corner, ring[(i + 1) % ring.length]!))
  if (twin >= 0) {
    const named = { a: twin + 1, b: ((twin + 1) % ring.length) + 1 }
    return [...troubles, error({ code: 'duplicate', named, corners: [twin], ...where })]
  }
  if (isFlat(ring)) return [...troubles, error({ code: 'no_area', ...where })]
  const turn = spike(ring)
  if (turn !== null) return [...troubles, error({ code: 'spike', named: { n: turn + 1 }, corners: [turn], ...where })]
  const crossing = ring.length <= MAX_CHECKED ? firstMeeting(ring, ring) : null
  if (!crossing) return troubles
  const [a, b] = crossing
  const next = (i: number): number => ((i + 1) % ring.length) + 1
  const named = { a: a + 1, a2: next(a), b: b + 1, b2: next(b) }
  return [...troubles, error({ code: 'crossing', named, corners: [a, b], ...where })]
}

function togetherTroubles(parts: Ring[][]): Trouble[] {
  const found: Trouble[] = []
  parts.forEach(([outer, ...holes], part) => {
    holes.forEach((hole, i) => {
      const where = { part, ring: i + 1 }
      if (firstMeeting(outer!, hole)) found.push(error({ code: 'hole_crosses', named: { n: i + 1 }, ...where }))
      else if (!contains(outer!, hole[0]!)) found.push(error({ code: 'hole_outside', named: { n: i + 1 }, ...where }))
      holes.slice(0, i).forEach((other, j) => {
        const nested = contains(other, hole[0]!) || contains(hole, other[0]!)
        if (nested || firstMeeting(other, hole)) found.push(error({ code: 'holes_meet', named: { a: j + 1, b: i + 1 }, ...where }))
      })
    })
    parts.slice(0, part).forEach(([other, ...gaps], j) => {
      const inside = (ring: Ring, space: Ring[], corner: At): boolean =>
        contains(ring, corner) && !space.some(gap => contains(gap, corner))
      const nested = inside(other!, gaps, outer![0]!) || inside(outer!, holes, other![0]!)
      if (nested || firstMeeting(other!, outer!)) found.push(error({ code: 'parts_meet', named: { a: j + 1, b: part + 1 }, part }))
    })
  })
  return found
}

function circleTroubles(shape: Extract<Shape, { kind: 'circle' }>): Trouble[] {
  const place = positionTrouble(shape.centre, 0)
  const troubles = place ? [place] : []
  const { radiusM } = shape
  if (!(radiusM > 0)) troubles.push(error({ code: 'radius' }))
  else if (radiusM > MAX_RADIUS_M) troubles.push(error({ code: 'radius_large', named: { n: MAX_RADIUS_M / 1000 } }))
  else if (Math.PI * radiusM * radiusM > LARGE_M2) troubles.push(large(Math.PI * radiusM * radiusM))
  return troubles
}

const large = (m2: number): Trouble => warning({ code: 'large', named: { n: Math.round(m2 / 1e6) } })

export function troublesOf(shape: Shape): Trouble[] {
  if (shape.kind === 'circle') return circleTroubles(shape)
  if (!shape.parts.length) return [error({ code: 'empty' })]
  const corners = shape.parts.flat().reduce((sum, ring) => sum + ring.length, 0)
  if (corners > MAX_CORNERS) return [error({ code: 'many_corners', named: { n: MAX_CORNERS } })]
  const troubles = shape.parts.flatMap((rings, part) => rings.flatMap((ring, i) => ringTroubles(ring, part, i)))
  if (!troubles.some(one => one.level === 'error') && corners <= MAX_CHECKED) troubles.push(...togetherTroubles(shape.parts))
  const m2 = shape.parts.reduce((sum, [outer]) => sum + areaM2(outer!), 0)
  if (m2 > LARGE_M2) troubles.push(large(m2))
  return troubles
}

/** What the server says of an outline it will not take: a key of fence.refused, and where, if it says so. */
export function refusalCode(detail: string): { code: string, named: Record<string, string> } {
  const place = /\[(-?[\d.]+) (-?[\d.]+)\]/.exec(detail)
  const named: Record<string, string> = place ? { lon: Number(place[1]).toFixed(5), lat: Number(place[2]).toFixed(5) } : {}
  const rules: [RegExp, string][] = [
    [/self-intersection/i, 'crossing'], [/hole lies outside/i, 'hole_outside'], [/holes are nested/i, 'holes_meet'],
    [/nested shells/i, 'parts_meet'], [/interior is disconnected/i, 'disconnected'], [/too few points|at least (four|4)/i, 'few_corners'],
    [/duplicate rings/i, 'duplicate'], [/radius_m/i, 'radius'], [/not in the roster/i, 'not_in_roster'], [/vertices/i, 'many_corners'],
    [/outside of longitude|near a pole/i, 'range'], [/schedule|weekly|time zone/i, 'schedule'], [/fence_id/i, 'fence_id'],
  ]
  return { code: rules.find(([words]) => words.test(detail))?.[1] ?? 'other', named }
}
