// The marks of the map, drawn here: a house, a dot, and the shapes of the priorities.
import type { Map as MapLibre } from 'maplibre-gl'

const SIZE = 48 // pixels, shown at half of that

type Draw = (pen: CanvasRenderingContext2D) => void

function shape(points: [number, number][], fill: string, sign: string): Draw {
  return pen => {
    pen.beginPath()
    points.forEach(([x, y]) => pen.lineTo(x, y))
    pen.closePath()
    pen.fillStyle = fill
    pen.strokeStyle = '#fff'
    pen.lineWidth = 3
    pen.fill()
    pen.stroke()
    pen.fillStyle = '#fff'
    pen.font = 'bold 26px sans-serif'
    pen.textAlign = 'center'
    pen.fillText(sign, SIZE / 2, 34)
  }
}
const OCTAGON: [number, number][] = [[15, 3], [33, 3], [45, 15], [45, 33], [33, 45], [15, 45], [3, 33], [3, 15]]
const TRIANGLE: [number, number][] = [[24, 3], [46, 44], [2, 44]]
const DIAMOND: [number, number][] = [[24, 4], [44, 24], [24, 44], [4, 24]]
const SQUARE: [number, number][] = [[10, 22], [34, 22], [34, 44], [10, 44]]
const HOUSE: [number, number][] = [[24, 8], [40, 22], [40, 40], [8, 40], [8, 22]]

const IMAGES: Record<string, Draw> = {
  'alarm-urgent': shape(OCTAGON, '#b3121d', '!'),
  // Of several: the map writes how many.
  'alarm-urgent-many': shape(OCTAGON, '#b3121d', ''),
  'alarm-high-many': shape(TRIANGLE, '#8a4600', ''),
  'alarm-high': shape(TRIANGLE, '#8a4600', '!'),
  'alarm-low': shape(DIAMOND, '#2f5673', 'i'),
  site: shape(HOUSE, '#2f5673', ''),
  sensor: shape(SQUARE, '#7d0a5c', ''),
  device: pen => {
    pen.beginPath()
    pen.arc(SIZE / 2, SIZE / 2, 12, 0, 7)
    pen.fillStyle = '#0b7a76'
    pen.strokeStyle = '#fff'
    pen.lineWidth = 4
    pen.fill()
    pen.stroke()
  },
}

export function addImages(map: MapLibre): void {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIZE
  const pen = canvas.getContext('2d', { willReadFrequently: true })!
  for (const [name, draw] of Object.entries(IMAGES)) {
    pen.clearRect(0, 0, SIZE, SIZE)
    draw(pen)
    map.addImage(name, pen.getImageData(0, 0, SIZE, SIZE), { pixelRatio: 2 })
  }
}
