// What the fence editor draws beside the map's own layers: the fence, where people were, what a preview found.
import type { Feature, FeatureCollection } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { components } from '../api-types'
import type { Trouble } from '../logic/fence-check'
import { type At, closed, type Ring, ringsOf, type Shape } from '../logic/fence-shape'
import type { PastFix } from '../state/fence-fixes'

export type Episode = components['schemas']['PreviewEpisode']
type ToMap = (at: At) => At

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })
const finite = (ring: Ring): boolean => ring.length > 1 && ring.every(([lon, lat]) => Number.isFinite(lon) && Math.abs(lat) <= 85)
const NUMBERED = 60
const CLOUDS = 60

export const LAYER_SOURCES = ['past', 'edited', 'trouble', 'corners', 'crossings'] as const
export type Drawn = Record<(typeof LAYER_SOURCES)[number], FeatureCollection>

/** The area with its holes; a ring that cannot be drawn is left to the list. */
export function editedFeatures(shape: Shape, role: string, toMap: ToMap): FeatureCollection {
  const parts = shape.kind === 'circle' ? [ringsOf(shape)] : shape.parts
  return collection(parts.filter(rings => rings.every(finite)).map(rings => ({
    type: 'Feature', properties: { role }, geometry: { type: 'Polygon', coordinates: rings.map(ring => closed(ring).map(toMap)) },
  })))
}

/** Every fix a dot; the accuracy of some of them, or all of it would be one cloud. */
export const pastFeatures = (fixes: readonly PastFix[], toMap: ToMap): FeatureCollection =>
  collection(fixes.map((fix, i) => ({
    type: 'Feature', properties: { acc: i % Math.ceil(fixes.length / CLOUDS) ? 0 : Math.min(fix.acc_m ?? 30, 300) }, geometry: { type: 'Point', coordinates: toMap([fix.lon, fix.lat]) },
  })))

/** The edges and corners that something is wrong with. */
export function troubleFeatures(shape: Shape, troubles: readonly Trouble[], toMap: ToMap): FeatureCollection {
  if (shape.kind === 'circle') return collection([])
  return collection(troubles.flatMap(({ part, ring, corners }) => {
    const found = shape.parts[part ?? -1]?.[ring ?? 0]
    if (!found || !finite(found)) return []
    return (corners ?? []).map((i): Feature => ({
      type: 'Feature', properties: {},
      geometry: { type: 'LineString', coordinates: [toMap(found[i]!), toMap(found[(i + 1) % found.length]!)] },
    }))
  }))
}

/** The numbers of the corners, as in the list; `bold` is the one whose row has the focus. */
export function cornerFeatures(shape: Shape, bold: { part: number, ring: number, corner: number } | null, toMap: ToMap): FeatureCollection {
  if (shape.kind === 'circle') return collection([])
  return collection(shape.parts.flatMap((rings, part) => rings.flatMap((ring, r) => (finite(ring) ? ring : []).map((at, i): Feature & { bold: boolean } => {
    const isBold = bold?.part === part && bold.ring === r && bold.corner === i
    return { type: 'Feature', properties: { n: String(i + 1), bold: isBold }, geometry: { type: 'Point', coordinates: toMap(at) }, bold: isBold }
  }).filter((one, i) => i < NUMBERED || one.bold))))
}

export const crossingFeatures = (episodes: readonly Episode[], toMap: ToMap): FeatureCollection =>
  collection(episodes.flatMap(({ position, verdict }) => {
    const [lon, lat] = [Number(position?.lon), Number(position?.lat)]
    return position ? [{ type: 'Feature' as const, properties: { verdict }, geometry: { type: 'Point' as const, coordinates: toMap([lon, lat]) } }] : []
  }))

/** Pixels a metre at zoom 22, where a tile of 512 pixels holds 2^-22 of the equator. */
const pixelsAt22 = (latDeg: number): number => (512 * 2 ** 22) / (40_075_017 * Math.cos((latDeg * Math.PI) / 180))

export function fenceLayers(dark: boolean, latDeg: number): LayerSpecification[] {
  const ink = dark ? '#e8eef3' : '#16202a'
  const ground = dark ? '#0e1419' : '#ffffff'
  const dot = dark ? '#9cc7e8' : '#2f5673'
  const good = dark ? '#7fd6a1' : '#17653a'
  const bad = dark ? '#ff9096' : '#b3121d'
  return [
    {
      id: 'past-reach', type: 'circle', source: 'past',
      paint: {
        'circle-radius': ['interpolate', ['exponential', 2], ['zoom'], 0, 0, 22, ['*', ['get', 'acc'], pixelsAt22(latDeg)]],
        'circle-color': dot, 'circle-opacity': 0.02,
      },
    },
    { id: 'past', type: 'circle', source: 'past', paint: { 'circle-radius': 2.5, 'circle-color': dot, 'circle-opacity': 0.45 } },
    { id: 'edited', type: 'fill', source: 'edited', paint: { 'fill-color': ['match', ['get', 'role'], 'forbidden', bad, good], 'fill-opacity': 0.16 } },
    {
      id: 'edited-line', type: 'line', source: 'edited',
      paint: { 'line-color': ['match', ['get', 'role'], 'forbidden', bad, good], 'line-width': 3 },
    },
    { id: 'trouble', type: 'line', source: 'trouble', paint: { 'line-color': bad, 'line-width': 6, 'line-dasharray': [1, 1] } },
    {
      id: 'corners', type: 'symbol', source: 'corners',
      layout: {
        'text-field': ['get', 'n'], 'text-font': ['sans-serif'], 'text-size': ['case', ['get', 'bold'], 22, 13],
        'text-offset': [0, -1.4], 'text-allow-overlap': true, 'text-ignore-placement': true,
      },
      paint: { 'text-color': ink, 'text-halo-color': ground, 'text-halo-width': 2 },
    },
    {
      id: 'crossings', type: 'symbol', source: 'crossings',
      layout: {
        'text-field': ['match', ['get', 'verdict'], 'raised', '▲', 'avoided', '▽', 'moved', '◆', '○'], 'text-font': ['sans-serif'],
        'text-size': 18, 'text-allow-overlap': true, 'text-ignore-placement': true,
      },
      paint: {
        'text-color': ['match', ['get', 'verdict'], 'raised', bad, 'avoided', good, ink], 'text-halo-color': ground, 'text-halo-width': 2,
      },
    },
  ]
}
