// Small-scale geometry for the schematic: WGS-84 to metres around a point, good to a few kilometres.
export interface LonLat { lon: number, lat: number }
export interface Metres { x: number, y: number }

const M_PER_DEG = 111_320
const WALK_M_PER_S = 1.2

export function around(centre: LonLat): (at: LonLat) => Metres {
  const perLon = M_PER_DEG * Math.cos((centre.lat * Math.PI) / 180)
  return at => ({ x: (at.lon - centre.lon) * perLon, y: (centre.lat - at.lat) * M_PER_DEG })
}

export function distanceM(a: LonLat, b: LonLat): number {
  const { x, y } = around(a)(b)
  return Math.hypot(x, y)
}

/** What the core assumes of a fix that does not say how sure it is: unknown is not zero. */
const UNSAID_M: Record<string, number> = { gnss: 30, wifi: 60, cell: 1500, ble: 15 }

/** How far somebody on foot may be from an old fix by now. */
export const reachM = (accuracyM: number | null, ageMs: number, source?: string | null): number =>
  (accuracyM ?? UNSAID_M[source ?? ''] ?? 50) + (Math.max(0, ageMs) / 1000) * WALK_M_PER_S

/** A round length for a scale bar, at most `maxM`. */
export function scaleM(maxM: number): number {
  const power = 10 ** Math.floor(Math.log10(maxM))
  return [5, 2, 1].map(step => step * power).find(length => length <= maxM) ?? power
}

/** The corners of a circle, for maps that know only polygons. */
export function ring(centre: LonLat, radiusM: number, corners = 48): [number, number][] {
  const perLon = M_PER_DEG * Math.cos((centre.lat * Math.PI) / 180)
  return Array.from({ length: corners + 1 }, (_, i) => {
    const angle = (2 * Math.PI * (i % corners)) / corners
    return [centre.lon + (Math.cos(angle) * radiusM) / perLon, centre.lat + (Math.sin(angle) * radiusM) / M_PER_DEG]
  })
}
