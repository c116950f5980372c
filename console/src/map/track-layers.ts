// The layers and marks of a replay, on top of the ground of the map.
import type { FeatureCollection } from 'geojson'
import type { FilterSpecification, LayerSpecification, Map as MapLibre } from 'maplibre-gl'

export const TRACK_SOURCES = ['t-fences', 't-gaps', 't-way', 't-part', 't-fixes', 't-alarms', 't-accuracy', 't-now'] as const
export type TrackSource = (typeof TRACK_SOURCES)[number]
export const PASSED = 'passed'

const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] }
const SIZE = 40
const PIXEL_RATIO = 2

type Draw = (pen: CanvasRenderingContext2D) => void
const path = (points: [number, number][]): Draw => pen => {
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
  pen.closePath()
}
/** A shape for each source of a fix: circle, square, triangle, diamond, cross. */
export const SHAPES: Record<string, Draw> = {
  gnss: pen => pen.arc(20, 20, 10, 0, 7),
  wifi: path([[11, 11], [29, 11], [29, 29], [11, 29]]),
  cell: path([[20, 8], [32, 30], [8, 30]]),
  ble: path([[20, 7], [32, 20], [20, 33], [8, 20]]),
  unknown: path([[9, 13], [13, 9], [20, 16], [27, 9], [31, 13], [24, 20], [31, 27], [27, 31], [20, 24], [13, 31], [9, 27], [16, 20]]),
}
const ARROW = path([[20, 2], [32, 36], [20, 28], [8, 36]])

function addImage(map: MapLibre, name: string, draw: Draw, fill: string, line: string, width = 3): void {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIZE
  const pen = canvas.getContext('2d', { willReadFrequently: true })!
  pen.beginPath()
  draw(pen)
  pen.fillStyle = fill
  pen.strokeStyle = line
  pen.lineWidth = width
  pen.fill()
  pen.stroke()
  if (!map.hasImage(name)) map.addImage(name, pen.getImageData(0, 0, SIZE, SIZE), { pixelRatio: PIXEL_RATIO })
}

export function addTrackLayers(map: MapLibre, dark: boolean): void {
  const accent = dark ? '#63c7c1' : '#0b6663'
  const ground = dark ? '#0e1419' : '#ffffff'
  for (const [name, draw] of Object.entries(SHAPES)) {
    addImage(map, `fix-${name}`, draw, accent, ground)
    // What came late is hollow.
    addImage(map, `fix-${name}-late`, draw, ground, dark ? '#ffbf6b' : '#8a4600', 4)
  }
  addImage(map, 'now-moving', ARROW, '#b3121d', '#fff')
  addImage(map, 'now-still', pen => pen.arc(20, 20, 13, 0, 7), '#b3121d', '#fff', 5)
  for (const id of TRACK_SOURCES) map.addSource(id, { type: 'geojson', data: NOTHING })
  for (const layer of layers(dark, accent, ground)) map.addLayer(layer)
}

function layers(dark: boolean, accent: string, ground: string): LayerSpecification[] {
  const soft = dark ? '#adbac6' : '#4d5b68'
  const [good, bad] = dark ? ['#7fd6a1', '#ff9096'] : ['#17653a', '#b3121d']
  const role = (name: string, force: boolean): FilterSpecification => ['all', ['==', ['get', 'role'], name], ['==', ['get', 'force'], force]]
  const dashes = (name: string, force: boolean): object => (!force ? { 'line-dasharray': [1, 3] } : name === 'forbidden' ? { 'line-dasharray': [3, 1.5] } : {})
  const outline = (name: string, colour: string, force: boolean): LayerSpecification => ({
    id: `t-fence-${name}-${force ? 'on' : 'off'}`, type: 'line', source: 't-fences', filter: role(name, force),
    paint: { 'line-color': colour, 'line-width': force ? 2.5 : 1.5, 'line-opacity': force ? 1 : 0.6, ...dashes(name, force) },
  })
  const text = { 'text-color': dark ? '#e8eef3' : '#16202a', 'text-halo-color': ground, 'text-halo-width': 2 }
  return [
    {
      id: 't-fence', type: 'fill', source: 't-fences', filter: ['get', 'force'],
      paint: { 'fill-color': ['match', ['get', 'role'], 'forbidden', bad, good], 'fill-opacity': 0.12 },
    },
    outline('safe', good, true), outline('safe', good, false), outline('forbidden', bad, true), outline('forbidden', bad, false),
    { id: 't-accuracy', type: 'fill', source: 't-accuracy', paint: { 'fill-color': accent, 'fill-opacity': 0.22, 'fill-outline-color': accent } },
    { id: 't-gaps', type: 'line', source: 't-gaps', paint: { 'line-color': soft, 'line-width': 1.8, 'line-dasharray': [3, 3] } },
    {
      id: 't-way', type: 'line', source: 't-way', layout: { 'line-join': 'round' },
      paint: {
        'line-color': ['case', ['boolean', ['feature-state', PASSED], false], accent, soft],
        'line-width': ['case', ['boolean', ['feature-state', PASSED], false], 4, 1.8],
        'line-opacity': ['case', ['boolean', ['feature-state', PASSED], false], 1, 0.75],
      },
    },
    { id: 't-part', type: 'line', source: 't-part', layout: { 'line-join': 'round' }, paint: { 'line-color': accent, 'line-width': 4 } },
    {
      id: 't-fixes', type: 'symbol', source: 't-fixes', minzoom: 12,
      layout: { 'icon-image': ['get', 'icon'], 'icon-size': 0.62, 'icon-padding': 0 },
    },
    {
      id: 't-alarms', type: 'symbol', source: 't-alarms',
      layout: {
        'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'text-field': ['get', 'name'], 'text-font': ['sans-serif'], 'text-size': 13,
        'text-offset': [0, 1.2], 'text-anchor': 'top', 'text-optional': true,
      },
      paint: text,
    },
    {
      id: 't-now', type: 'symbol', source: 't-now',
      layout: { 'icon-image': ['get', 'icon'], 'icon-rotate': ['get', 'heading'], 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-rotation-alignment': 'map' },
    },
  ]
}
