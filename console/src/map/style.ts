// The layers of the map, from the ground up. What is fetched from elsewhere is in `ground`, if anything.
import type {
  DataDrivenPropertyValueSpecification, ExpressionSpecification, FilterSpecification, GeoJSONSourceSpecification, LayerSpecification,
  StyleSpecification,
} from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'
import type { Ground } from './base'

const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] }
const AREA: FilterSpecification = ['!=', ['geometry-type'], 'Point']
const SINGLE: FilterSpecification = ['!', ['has', 'point_count']]
const CLUSTER: FilterSpecification = ['has', 'point_count']
const FONT = ['sans-serif']
const TEAL = '#0b7a76'

/** Below this the counties sum up; above it sites and bands are told apart. */
export const COUNTY_ZOOM = 10
/** Smaller than this, on a phone, there is no room for the sums; the table has them. */
const SUMMARY_ZOOM = 7.2
/** Beyond this every band is drawn by itself, and glides. */
export const SINGLE_ZOOM = 14
const SITE_ZOOM = 11.5
const NAME_ZOOM = 14.5
const FENCE_NAME_ZOOM = 12

/** What a person can switch off, and the layers that makes. */
export const GROUPS = {
  bands: ['dot', 'device-cluster', 'device-count', 'device', 'mover', 'trail', 'trail-gap'],
  sensors: ['sensor'],
  sites: ['site'],
  fences: ['fence', 'fence-safe', 'fence-forbidden', 'fence-name'],
  counties: ['county-name', 'county-summary'],
} as const
export type Group = keyof typeof GROUPS

const source = (more: Partial<GeoJSONSourceSpecification> = {}): GeoJSONSourceSpecification =>
  ({ type: 'geojson', data: NOTHING, ...more })

const counted: Partial<GeoJSONSourceSpecification> = {
  cluster: true, clusterRadius: 32, clusterMaxZoom: 12, clusterProperties: { total: ['+', ['coalesce', ['get', 'count'], 1]] },
}

interface Ink { ink: string, ground: string, soft: string, urgent: string, high: string, good: string }
const LIGHT: Ink = { ink: '#16202a', ground: '#ffffff', soft: '#4d5b68', urgent: '#b3121d', high: '#8a4600', good: '#17653a' }
const DARK: Ink = { ink: '#e8eef3', ground: '#0e1419', soft: '#adbac6', urgent: '#ff9096', high: '#ffbf6b', good: '#7fd6a1' }

const writing = (colour: DataDrivenPropertyValueSpecification<string>, of: Ink, width = 1.6) =>
  ({ 'text-color': colour, 'text-halo-color': of.ground, 'text-halo-width': width })
const named = (from: number, field: ExpressionSpecification): ExpressionSpecification => ['step', ['zoom'], '', from, field]

function counties(dark: boolean): LayerSpecification[] {
  return [
    { id: 'county', type: 'fill', source: 'counties', filter: AREA, paint: { 'fill-color': dark ? '#1a242c' : '#f7f9fa' } },
    { id: 'county-line', type: 'line', source: 'counties', filter: AREA, paint: { 'line-color': dark ? '#5d6f7d' : '#93a3b0', 'line-width': 1.2 } },
  ]
}

function fences(of: Ink): LayerSpecification[] {
  const faint = (full: number): ExpressionSpecification => ['case', ['to-boolean', ['get', 'faint']], full * 0.35, full]
  const width: ExpressionSpecification = ['interpolate', ['linear'], ['zoom'], 9, 0.8, 13, 2]
  return [
    {
      id: 'fence', type: 'fill', source: 'fences', minzoom: COUNTY_ZOOM,
      paint: { 'fill-color': ['match', ['get', 'role'], 'forbidden', '#b3121d', '#17653a'], 'fill-opacity': faint(0.12) },
    },
    {
      id: 'fence-safe', type: 'line', source: 'fences', filter: ['==', ['get', 'role'], 'safe'],
      paint: { 'line-color': of.good, 'line-width': width, 'line-opacity': faint(1) },
    },
    {
      id: 'fence-forbidden', type: 'line', source: 'fences', filter: ['==', ['get', 'role'], 'forbidden'],
      paint: { 'line-color': of.urgent, 'line-width': width, 'line-dasharray': [2, 2], 'line-opacity': faint(1) },
    },
  ]
}

const fenceNames = (of: Ink): LayerSpecification => ({
  id: 'fence-name', type: 'symbol', source: 'fences', minzoom: FENCE_NAME_ZOOM,
  layout: {
    'text-field': ['coalesce', ['get', 'label'], ['get', 'name']], 'text-font': FONT, 'text-size': 12, 'text-max-width': 9,
    'text-variable-anchor-offset': ['top', [0, 1.8], 'bottom', [0, -1.8], 'left', [1.8, 0], 'right', [-1.8, 0]],
  },
  paint: {
    ...writing(['match', ['get', 'role'], 'forbidden', of.urgent, of.good], of),
    'text-opacity': ['case', ['to-boolean', ['get', 'faint']], 0.75, 1],
  },
})

function whereabouts(of: Ink): LayerSpecification[] {
  return [
    { id: 'accuracy', type: 'fill', source: 'accuracy', minzoom: COUNTY_ZOOM, paint: { 'fill-color': TEAL, 'fill-opacity': 0.13 } },
    { id: 'accuracy-line', type: 'line', source: 'accuracy', minzoom: COUNTY_ZOOM, paint: { 'line-color': TEAL, 'line-width': 2 } },
    {
      id: 'reach', type: 'line', source: 'reach', minzoom: COUNTY_ZOOM,
      paint: { 'line-color': of.soft, 'line-width': 1.5, 'line-dasharray': [4, 3] },
    },
    { id: 'trail', type: 'line', source: 'trail', filter: ['!', ['get', 'gap']], paint: { 'line-color': TEAL, 'line-width': 3.5 } },
    {
      id: 'trail-gap', type: 'line', source: 'trail', filter: ['get', 'gap'],
      paint: { 'line-color': of.soft, 'line-width': 2, 'line-dasharray': [2, 2] },
    },
  ]
}

function places(of: Ink): LayerSpecification[] {
  return [
    {
      id: 'site', type: 'symbol', source: 'sites', minzoom: SITE_ZOOM,
      layout: {
        'icon-image': 'site', 'icon-anchor': 'bottom', 'icon-size': ['interpolate', ['linear'], ['zoom'], SITE_ZOOM, 0.6, 15, 1],
        'icon-allow-overlap': ['step', ['zoom'], false, 13, true],
        'text-field': named(13, ['get', 'name']), 'text-font': FONT, 'text-size': 12, 'text-anchor': 'bottom', 'text-offset': [0, -2],
        'text-optional': true, 'text-max-width': 12,
      },
      paint: writing(of.ink, of),
    },
    {
      id: 'sensor', type: 'symbol', source: 'sensors', minzoom: 13,
      layout: {
        'icon-image': 'sensor', 'icon-anchor': 'bottom-left', 'icon-offset': [12, 0], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
        'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 12, 'text-anchor': 'bottom-left', 'text-offset': [2.6, 0],
        'text-allow-overlap': true, 'text-ignore-placement': true,
      },
      paint: writing(of.soft, of),
    },
  ]
}

const band = (id: string, from: string, of: Ink): LayerSpecification => ({
  id, type: 'symbol', source: from, filter: SINGLE, minzoom: COUNTY_ZOOM,
  layout: {
    'icon-image': 'device', 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-size': 0.85,
    'text-field': named(NAME_ZOOM, ['get', 'name']), 'text-font': FONT, 'text-size': 12, 'text-optional': true,
    'text-variable-anchor-offset': ['top', [0, 0.7], 'right', [-0.8, 0], 'left', [0.8, 0], 'bottom', [0, -0.7]],
  },
  paint: writing(of.ink, of),
})

function bands(of: Ink): LayerSpecification[] {
  const count: ExpressionSpecification = ['get', 'point_count']
  return [
    {
      id: 'dot', type: 'circle', source: 'dots', maxzoom: COUNTY_ZOOM,
      paint: { 'circle-color': TEAL, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 1.6, COUNTY_ZOOM, 3], 'circle-opacity': 0.6 },
    },
    {
      id: 'device-cluster', type: 'circle', source: 'devices', filter: CLUSTER, minzoom: COUNTY_ZOOM,
      paint: { 'circle-color': TEAL, 'circle-radius': ['step', count, 12, 10, 15, 100, 19], 'circle-stroke-color': '#fff', 'circle-stroke-width': 2 },
    },
    {
      id: 'device-count', type: 'symbol', source: 'devices', filter: CLUSTER, minzoom: COUNTY_ZOOM,
      layout: {
        'text-field': ['to-string', count], 'text-font': FONT, 'text-size': 13, 'text-allow-overlap': true, 'text-ignore-placement': true,
      },
      paint: { 'text-color': '#fff' },
    },
    band('device', 'devices', of),
    band('mover', 'movers', of),
  ]
}

function countyNames(of: Ink): LayerSpecification[] {
  const line = (priority: 'urgent' | 'high', colour: string): ExpressionSpecification =>
    ['format', ['case', ['==', ['coalesce', ['get', priority], ''], ''], '', ['concat', '\n', ['get', priority]]], { 'text-color': colour }]
  return [
    {
      id: 'county-name', type: 'symbol', source: 'county-names', minzoom: COUNTY_ZOOM, maxzoom: 13,
      layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 15, 'text-letter-spacing': 0.2 },
      paint: writing(of.soft, of, 2),
    },
    {
      id: 'county-summary', type: 'symbol', source: 'county-names', minzoom: SUMMARY_ZOOM, maxzoom: COUNTY_ZOOM,
      layout: {
        'text-field': [
          'format', ['get', 'name'], { 'font-scale': 1.1 }, ...line('urgent', of.urgent).slice(1), ...line('high', of.high).slice(1),
        ] as unknown as ExpressionSpecification,
        'text-font': FONT, 'text-size': 14, 'text-line-height': 1.15, 'text-overlap': 'always',
        'text-variable-anchor-offset': [
          'center', [0, 0], 'top', [0, 1], 'bottom', [0, -1], 'left', [1, 0], 'right', [-1, 0], 'top-left', [1, 1], 'top-right', [-1, 1],
          'bottom-left', [1, -1], 'bottom-right', [-1, -1],
        ],
      },
      paint: writing(of.ink, of, 2),
    },
  ]
}

/** Alarms lie above everything and are placed before everything, so that nothing hides them. Far off they
 * are counted, but only among themselves: the number is that of alarms. */
function alarms(of: Ink): LayerSpecification[] {
  const loud = { 'icon-allow-overlap': true, 'text-font': FONT, 'symbol-z-order': 'source' as const }
  const count: ExpressionSpecification = ['coalesce', ['get', 'count'], 1]
  const said = (zoom: number): ExpressionSpecification =>
    ['step', ['zoom'], ['case', ['>', count, 1], ['concat', '×', ['to-string', count]], ''], zoom, ['get', 'name']]
  const single = (id: string, from: string, icon: string, size: number, zoom: number, colour: string): LayerSpecification => ({
    id, type: 'symbol', source: from, filter: SINGLE,
    layout: {
      ...loud, 'icon-image': icon, 'icon-size': size, 'text-field': said(zoom), 'text-size': 13, 'text-optional': true, 'text-anchor': 'top',
      'text-offset': [0, 1.2],
    },
    paint: writing(colour, of, 2),
  })
  const many = (id: string, from: string, icon: string, down: number): LayerSpecification => ({
    id, type: 'symbol', source: from, filter: CLUSTER,
    layout: {
      ...loud, 'icon-image': icon, 'icon-size': 1.35, 'text-field': ['to-string', ['get', 'total']], 'text-size': 13,
      'text-offset': [0, down], 'text-allow-overlap': true,
    },
    paint: { 'text-color': '#fff' },
  })
  return [
    many('high-cluster', 'highs', 'alarm-high-many', 0.3),
    single('high', 'highs', 'alarm-high', 1, 12, of.high),
    many('alarm-cluster', 'alarms', 'alarm-urgent-many', 0),
    single('alarm', 'alarms', 'alarm-urgent', 1.15, 11, of.urgent),
  ]
}

export function mapStyle(dark: boolean, ground: Ground = { sources: {}, layers: [] }): StyleSpecification {
  const of = dark ? DARK : LIGHT
  return {
    version: 8,
    sources: {
      ...ground.sources,
      counties: source({ data: `${location.origin}/weifang.json` }),
      'county-names': source(),
      fences: source(),
      accuracy: source(),
      reach: source(),
      chosen: source(),
      trail: source(),
      sites: source(),
      sensors: source(),
      dots: source(),
      devices: source({ cluster: true, clusterRadius: 46, clusterMaxZoom: SINGLE_ZOOM }),
      movers: source(),
      highs: source(counted),
      alarms: source(counted),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': dark ? '#0e1419' : '#e4ebf0' } },
      ...counties(dark),
      ...ground.layers,
      ...fences(of),
      ...whereabouts(of),
      fenceNames(of),
      ...places(of),
      ...bands(of),
      ...countyNames(of),
      ...alarms(of),
      {
        id: 'chosen', type: 'circle', source: 'chosen',
        paint: { 'circle-radius': 19, 'circle-opacity': 0, 'circle-stroke-width': 3.5, 'circle-stroke-color': dark ? '#7db4ff' : '#0a5fd0' },
      },
    ],
  }
}
