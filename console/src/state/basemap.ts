// What lies beneath the map: the configured base map, and the city's own outlines, both read once.
import type { FeatureCollection, MultiPolygon, Point } from 'geojson'
import { shallowRef } from 'vue'
import { get } from '../api'
import type { components } from '../api-types'
import { mapCrs } from '../map/project'

export type BaseMap = components['schemas']['BaseMap']
export type Counties = FeatureCollection<MultiPolygon | Point, { name: string }>

const RETRY_MS = 10_000

/** null: not known yet, so the schematic alone. */
export const baseMap = shallowRef<BaseMap | null>(null)
export const counties = shallowRef<Counties | null>(null)

let wanted: Promise<void> | null = null

/** Ask for both, once; what did not come is asked for again later. */
export const wantBaseMap = (): Promise<void> => (wanted ??= load())

async function load(): Promise<void> {
  const [base, outlines] = await Promise.allSettled([
    baseMap.value ?? get<BaseMap>('/map'),
    counties.value ?? fetch('/weifang.json').then(answer => answer.json() as Promise<Counties>),
  ])
  if (outlines.status === 'fulfilled') counties.value = outlines.value
  if (base.status === 'fulfilled') {
    mapCrs.value = base.value.crs
    baseMap.value = base.value
  }
  if (base.status === 'rejected' || outlines.status === 'rejected') {
    setTimeout(() => {
      wanted = null
      void wantBaseMap()
    }, RETRY_MS)
  }
}
