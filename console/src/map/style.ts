// The layers of the map, from the ground up. Nothing here is fetched from anywhere else.
import type { FilterSpecification, GeoJSONSourceSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'

const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] }
const AREA: FilterSpecification = ['!=', ['geometry-type'], 'Point']
const FONT = ['sans-serif']

const source = (more: Partial<GeoJSONSourceSpecification> = {}): GeoJSONSourceSpecification =>
  ({ type: 'geojson', data: NOTHING, ...more })
const clustered = { cluster: true, clusterRadius: 44, clusterMaxZoom: 14 }

function marks(id: string, of: string, icon: string, ink: string, ground: string, namesFrom: number): LayerSpecification[] {
  const text = { 'text-color': ink, 'text-halo-color': ground, 'text-halo-width': 1.5 }
  return [
    {
      id: `${id}-cluster`, type: 'symbol', source: of, filter: ['has', 'point_count'],
      layout: {
        'icon-image': icon, 'icon-allow-overlap': true, 'icon-size': 1.15, 'text-field': ['to-string', ['get', 'point_count']],
        'text-font': FONT, 'text-size': 13, 'text-offset': [0, 1.1], 'text-allow-overlap': true,
      },
      paint: text,
    },
    {
      id, type: 'symbol', source: of, filter: ['!', ['has', 'point_count']],
      layout: {
        'icon-image': icon, 'icon-allow-overlap': true, 'icon-size': 0.9,
        'text-field': ['step', ['zoom'], '', namesFrom, ['get', 'name']], 'text-font': FONT, 'text-size': 12,
        'text-offset': [0, 1.1], 'text-anchor': 'top', 'text-optional': true,
      },
      paint: text,
    },
  ]
}

export function mapStyle(dark: boolean): StyleSpecification {
  const ink = dark ? '#e8eef3' : '#16202a'
  const ground = dark ? '#0e1419' : '#ffffff'
  return {
    version: 8,
    sources: {
      counties: source({ data: `${location.origin}/weifang.json` }),
      fences: source(),
      accuracy: source(),
      sites: source({ ...clustered, clusterMaxZoom: 12 }),
      devices: source(clustered),
      highs: source(clustered),
      alarms: source(),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': dark ? '#0e1419' : '#e4ebf0' } },
      { id: 'county', type: 'fill', source: 'counties', filter: AREA, paint: { 'fill-color': dark ? '#1a242c' : '#f7f9fa' } },
      { id: 'county-line', type: 'line', source: 'counties', filter: AREA, paint: { 'line-color': dark ? '#5d6f7d' : '#93a3b0', 'line-width': 1.2 } },
      {
        id: 'county-name', type: 'symbol', source: 'counties',
        filter: ['==', ['geometry-type'], 'Point'],
        layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 14, 'text-allow-overlap': true, 'text-ignore-placement': true },
        paint: { 'text-color': dark ? '#8fa1af' : '#5b6b78' },
      },
      { id: 'fence', type: 'fill', source: 'fences', paint: { 'fill-color': ['match', ['get', 'role'], 'forbidden', '#b3121d', '#17653a'], 'fill-opacity': 0.12 } },
      {
        id: 'fence-safe', type: 'line', source: 'fences', filter: ['==', ['get', 'role'], 'safe'],
        paint: { 'line-color': dark ? '#7fd6a1' : '#17653a', 'line-width': 2 },
      },
      {
        id: 'fence-forbidden', type: 'line', source: 'fences', filter: ['==', ['get', 'role'], 'forbidden'],
        paint: { 'line-color': dark ? '#ff9096' : '#b3121d', 'line-width': 2, 'line-dasharray': [2, 2] },
      },
      { id: 'accuracy', type: 'fill', source: 'accuracy', paint: { 'fill-color': '#0b7a76', 'fill-opacity': 0.25 } },
      { id: 'accuracy-line', type: 'line', source: 'accuracy', paint: { 'line-color': '#0b7a76', 'line-width': 2 } },
      ...marks('site', 'sites', 'site', ink, ground, 11),
      ...marks('device', 'devices', 'device', ink, ground, 14),
      ...marks('high', 'highs', 'alarm-high', ink, ground, 11),
      {
        id: 'alarm', type: 'symbol', source: 'alarms',
        layout: {
          'icon-image': 'alarm-urgent', 'icon-allow-overlap': true, 'icon-size': 1.1, 'text-field': ['step', ['zoom'], '', 11, ['get', 'name']], 'text-font': FONT,
          'text-size': 13, 'text-offset': [0, 1.2], 'text-anchor': 'top', 'text-optional': true, 'symbol-z-order': 'source',
        },
        paint: { 'text-color': ink, 'text-halo-color': ground, 'text-halo-width': 2 },
      },
    ],
  }
}
