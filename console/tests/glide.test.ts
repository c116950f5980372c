import type { Feature, Point } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const page = { hidden: false }
const motion = { matches: false }
let frames: ((ms: number) => void)[] = []
let Glide: typeof import('../src/map/glide').Glide

beforeEach(async () => {
  page.hidden = motion.matches = false
  frames = []
  vi.resetModules()
  vi.stubGlobal('document', page)
  vi.stubGlobal('matchMedia', () => motion)
  vi.stubGlobal('requestAnimationFrame', (step: (ms: number) => void) => frames.push(step))
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []))
  Glide = (await import('../src/map/glide')).Glide
})
afterEach(() => vi.unstubAllGlobals())

class FakeMap {
  zoom = 16
  readonly data: Record<string, Feature<Point>[]> = { dots: [], devices: [], movers: [] }
  readonly history: string[] = []
  private onZoom = (): void => {}
  on(_: string, listener: () => void) { this.onZoom = listener }
  off() {}
  getZoom() { return this.zoom }
  getBounds() { return { getWest: () => 119, getEast: () => 119.1, getSouth: () => 36, getNorth: () => 36.1 } }
  getSource(name: string) {
    return {
      setData: (data: { features: Feature<Point>[] }) => {
        this.data[name] = data.features
        this.history.push([...new Set(this.drawn().map(one => one.properties?.id as string))].sort().join(''))
        return Promise.resolve()
      },
    }
  }
  zoomTo(zoom: number) {
    this.zoom = zoom
    this.onZoom()
  }
  drawn() { return [...(this.zoom < 10 ? this.data.dots! : [...this.data.devices!, ...this.data.movers!])] }
  where(id: string) { return this.data.movers!.find(one => one.properties?.id === id)?.geometry.coordinates }
}
const told = (of: Record<string, [number, number]>) => ({
  type: 'FeatureCollection' as const,
  features: Object.entries(of).map(([id, coordinates]) => ({ type: 'Feature' as const, properties: { id }, geometry: { type: 'Point' as const, coordinates } })),
})
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
const frame = async (ms: number): Promise<void> => {
  for (const step of frames.splice(0)) step(ms)
  await settle()
}

async function begun(): Promise<{ map: FakeMap, glide: InstanceType<typeof Glide> }> {
  const map = new FakeMap()
  const glide = new Glide(map as unknown as MapLibre)
  glide.take(told({ a: [119.05, 36.05], b: [119.06, 36.06] }))
  await settle()
  return { map, glide }
}

describe('glide', () => {
  it('takes who moved from where they were to where they are, and nobody is missing on the way', async () => {
    const { map, glide } = await begun()
    map.history.length = 0
    const beganMs = performance.now()
    glide.take(told({ a: [119.051, 36.05], b: [119.06, 36.06] }))
    await settle()
    expect(map.where('a')).toEqual([119.05, 36.05])
    expect(map.where('b')).toBeUndefined()
    await frame(beganMs + 500)
    expect(map.where('a')![0]).toBeGreaterThan(119.0503)
    expect(map.where('a')![0]).toBeLessThan(119.0507)
    await frame(beganMs + 5000)
    expect(map.where('a')).toEqual([119.051, 36.05])
    expect(frames).toHaveLength(0)
    glide.take(told({ a: [119.051, 36.05], b: [119.06, 36.06] }))
    await settle()
    expect(map.data.movers).toEqual([])
    expect(new Set(map.history)).toEqual(new Set(['ab']))
  })
  it.each([
    ['a tab nobody sees', () => (page.hidden = true)],
    ['a person who wants no motion', () => (motion.matches = true)],
  ])('jumps for %s', async (_, set) => {
    const { map, glide } = await begun()
    set()
    glide.take(told({ a: [119.051, 36.05], b: [119.06, 36.06] }))
    await settle()
    expect(map.data.movers).toEqual([])
    expect(frames).toHaveLength(0)
    expect(map.data.devices!.map(one => one.geometry.coordinates[0])).toEqual([119.051, 119.06])
  })
  it('jumps out of view, and where a fix corrects by kilometres', async () => {
    const { map, glide } = await begun()
    glide.take(told({ a: [119.05, 36.05], b: [119.06, 36.09], c: [120, 37] }))
    await settle()
    glide.take(told({ a: [119.05, 36.05], b: [119.06, 36.06], c: [120.001, 37] }))
    await settle()
    expect(map.data.movers).toEqual([])
    expect(map.data.devices).toHaveLength(3)
  })
  it('far off nobody glides, and what is drawn follows the zoom', async () => {
    const { map, glide } = await begun()
    glide.take(told({ a: [119.051, 36.05], b: [119.06, 36.06] }))
    await settle()
    map.zoomTo(12)
    await settle()
    expect(map.data.movers).toEqual([])
    expect(map.data.devices).toHaveLength(2)
    map.zoomTo(8)
    await settle()
    expect(map.data.dots!.map(one => one.geometry.coordinates[0])).toEqual([119.051, 119.06])
    glide.stop()
  })
})
