// Bands move from where they were told to be to where they are told to be now, in at most a second. Only
// those that moved and are in view glide; where bands are clustered, or nobody looks, they jump.
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import type { Feature, FeatureCollection, Point } from 'geojson'
import { COUNTY_ZOOM, SINGLE_ZOOM } from './style'

type Points = FeatureCollection<Point>
interface Mover { feature: Feature<Point>, from: number[], to: number[] }

const GLIDE_MS = 1000
const FAR_DEG = 0.02 // 2 km: a correction, no walk
const MARGIN = 0.2 // of the view, on each side

/** How often it is worth drawing anew: a minute's walk is half a pixel where the whole city is seen. */
const everyMs = (zoom: number): number => (zoom < COUNTY_ZOOM ? 10_000 : zoom <= SINGLE_ZOOM ? 3_000 : 0)

const still = matchMedia('(prefers-reduced-motion: reduce)')

export class Glide {
  private last: Points = { type: 'FeatureCollection', features: [] }
  private seen = new Map<unknown, number[]>()
  private movers: Mover[] = []
  private turn = 0
  private frame = 0
  private shownMs = 0
  private crossed: 'dots' | 'devices' | null = null

  constructor(private readonly map: MapLibre) {
    map.on('zoomend', this.onZoom)
  }

  /** Where all are now, about once a second. */
  take(next: Points): void {
    const more = next.features.length !== this.last.features.length
    const movers = this.moversTo(next)
    const settled = this.movers.map(one => one.feature)
    this.last = next
    this.seen = new Map(next.features.map(({ properties, geometry }) => [properties?.id, geometry.coordinates]))
    if (more || performance.now() - this.shownMs >= everyMs(this.map.getZoom())) void this.show(movers, settled)
  }

  /** The style is another: its sources are empty. */
  renew(): void {
    this.crossed = null
    void this.show([], [])
  }

  stop(): void {
    this.turn++
    cancelAnimationFrame(this.frame)
    this.map.off('zoomend', this.onZoom)
  }

  private readonly onZoom = (): void => {
    const singles = this.map.getZoom() > SINGLE_ZOOM
    if (this.crossed !== this.wanted() || (this.movers.length && !singles)) void this.show([], [])
  }

  /** Which of the two is drawn at this zoom; the other is not kept up. */
  private wanted(): 'dots' | 'devices' {
    return this.map.getZoom() < COUNTY_ZOOM ? 'dots' : 'devices'
  }

  private set(name: string, features: Feature<Point>[]): Promise<void> {
    return this.map.getSource<GeoJSONSource>(name)?.setData({ type: 'FeatureCollection', features }) ?? Promise.resolve()
  }

  private moversTo(next: Points): Mover[] {
    if (still.matches || document.hidden || this.map.getZoom() <= SINGLE_ZOOM) return []
    const bounds = this.map.getBounds()
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
    const [x, y] = [(east - west) * MARGIN, (north - south) * MARGIN]
    const near = ([lon, lat]: number[]): boolean => lon! > west - x && lon! < east + x && lat! > south - y && lat! < north + y
    return next.features.flatMap(feature => {
      const from = this.seen.get(feature.properties?.id)
      const to = feature.geometry.coordinates
      if (!from || (from[0] === to[0] && from[1] === to[1]) || (!near(from) && !near(to))) return []
      return Math.abs(from[0]! - to[0]!) + Math.abs(from[1]! - to[1]!) > FAR_DEG ? [] : [{ feature, from, to }]
    })
  }

  /** Nobody is ever missing: a band is drawn in its new source before it leaves the old one. */
  private async show(movers: Mover[], settled: Feature<Point>[]): Promise<void> {
    cancelAnimationFrame(this.frame)
    const turn = ++this.turn
    const wanted = this.wanted()
    const before = this.movers.length > 0
    this.crossed = wanted
    this.movers = movers
    this.shownMs = performance.now()
    if (movers.length) await this.set('movers', [...settled, ...at(movers, 0)])
    if (turn !== this.turn) return
    const gliding = new Set(movers.map(one => one.feature))
    await this.set(wanted, gliding.size ? this.last.features.filter(feature => !gliding.has(feature)) : this.last.features)
    if (turn !== this.turn) return
    if (movers.length) this.run(turn, performance.now())
    else if (before) void this.set('movers', [])
  }

  private run(turn: number, beganMs: number): void {
    let busy = false
    const step = (now: number): void => {
      if (turn !== this.turn) return
      const share = Math.min(1, Math.max(0, now - beganMs) / GLIDE_MS)
      if (!busy) {
        busy = true
        void this.set('movers', at(this.movers, share)).finally(() => (busy = false))
        if (share === 1) return
      }
      this.frame = requestAnimationFrame(step)
    }
    this.frame = requestAnimationFrame(step)
  }
}

const at = (movers: readonly Mover[], share: number): Feature<Point>[] => movers.map(({ feature, from, to }) => ({
  ...feature,
  geometry: { type: 'Point', coordinates: from.map((one, i) => one + (to[i]! - one) * share) },
}))
