// The base map as sources and layers of the map's style: tiles of pictures, or an archive of either kind.
import * as maplibre from 'maplibre-gl'
import type { LayerSpecification, SourceSpecification, VectorSourceSpecification } from 'maplibre-gl'
import type { PMTiles, Protocol } from 'pmtiles'
import type { BaseMap } from '../state/basemap'

export interface Ground {
  sources: Record<string, SourceSpecification>
  layers: LayerSpecification[]
}

export const isBase = (sourceId: string | undefined): boolean => sourceId?.startsWith('base') ?? false

const VECTOR = 1
let protocol: Protocol | null = null

/** A tile's address for the browser: one that begins with / is on our own host. */
const absolute = (url: string): string => (url.startsWith('/') ? `${location.origin}${url}` : url)

function picture(id: string, dark: boolean): LayerSpecification {
  // A bright map in a dark room blinds; its writing stays readable at this.
  const night = { 'raster-brightness-max': 0.62, 'raster-saturation': -0.35, 'raster-contrast': 0.1 }
  return { id, type: 'raster', source: id, paint: { 'raster-fade-duration': 0, ...(dark ? night : {}) } }
}

/** Throws where the archive cannot be read. */
export async function groundOf(base: BaseMap, dark: boolean): Promise<Ground> {
  if (base.archive !== null) return archived(absolute(base.archive), dark)
  const names = base.layers.map((_, i) => `base-${i}`)
  return {
    sources: Object.fromEntries(names.map((name, i) => [name, {
      type: 'raster', tiles: base.layers[i]!.map(absolute), tileSize: 256, maxzoom: base.max_zoom,
    } as SourceSpecification])),
    layers: names.map(name => picture(name, dark)),
  }
}

async function archived(url: string, dark: boolean): Promise<Ground> {
  const pmtiles = await import('pmtiles')
  if (!protocol) {
    protocol = new pmtiles.Protocol()
    maplibre.addProtocol('pmtiles', protocol.tile)
  }
  let archive: PMTiles | undefined = protocol.get(url)
  if (!archive) protocol.add((archive = new pmtiles.PMTiles(url)))
  const header = await archive.getHeader()
  const source = {
    tiles: [`pmtiles://${url}/{z}/{x}/{y}`],
    minzoom: header.minZoom,
    maxzoom: header.maxZoom,
    bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat] as [number, number, number, number],
  }
  if (header.tileType !== VECTOR) {
    return { sources: { base: { type: 'raster', tileSize: 256, ...source } }, layers: [picture('base', dark)] }
  }
  const metadata = await archive.getMetadata() as { vector_layers?: { id: string }[] } | undefined
  const there = new Set((metadata?.vector_layers ?? []).map(({ id }) => id))
  return { sources: { base: { type: 'vector', ...source } as VectorSourceSpecification }, layers: vectorLayers(there, dark) }
}

// What the common schemas (Protomaps, OpenMapTiles, Shortbread) call the same things.
const NAMES = {
  land: ['earth', 'land'],
  green: ['landuse', 'landcover', 'park'],
  water: ['water', 'ocean', 'water_polygons'],
  roads: ['roads', 'transportation', 'streets'],
  buildings: ['buildings', 'building'],
  places: ['places', 'place', 'place_labels'],
}

export function vectorLayers(there: ReadonlySet<string>, dark: boolean): LayerSpecification[] {
  const colour = dark
    ? { land: '#1a242c', green: '#1b2b26', water: '#14293a', roads: '#3d4d59', buildings: '#24303a', ink: '#c5d0d9', halo: '#0e1419' }
    : { land: '#f7f9fa', green: '#e6efe2', water: '#cfe0ec', roads: '#c3cbd2', buildings: '#e3e6e9', ink: '#39454f', halo: '#ffffff' }
  const called = (what: keyof typeof NAMES): string[] => NAMES[what].filter(name => there.has(name))
  const fill = (what: 'land' | 'green' | 'water' | 'buildings', minzoom = 0): LayerSpecification[] =>
    called(what).map(name => ({
      id: `base-${name}`, type: 'fill', source: 'base', 'source-layer': name, minzoom, filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': colour[what] },
    }))
  return [
    ...fill('land'), ...fill('green'), ...fill('water'), ...fill('buildings', 14),
    ...called('roads').map((name): LayerSpecification => ({
      id: `base-${name}`, type: 'line', source: 'base', 'source-layer': name, filter: ['==', ['geometry-type'], 'LineString'],
      paint: { 'line-color': colour.roads, 'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 8, 0.5, 18, 8] },
    })),
    ...called('places').map((name): LayerSpecification => ({
      id: `base-${name}`, type: 'symbol', source: 'base', 'source-layer': name,
      layout: { 'text-field': ['coalesce', ['get', 'name:zh'], ['get', 'name']], 'text-font': ['sans-serif'], 'text-size': 12 },
      paint: { 'text-color': colour.ink, 'text-halo-color': colour.halo, 'text-halo-width': 1.2 },
    })),
  ]
}
