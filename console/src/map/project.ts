// The one place where coordinates change systems: what is stored and told is WGS-84, what is drawn is as
// the base map's tiles are. Where there is no shift, both are the same.
import gcoord from 'gcoord'
import type { FeatureCollection } from 'geojson'
import { ref } from 'vue'

export type Crs = 'wgs84' | 'gcj02'
export type Place = [lon: number, lat: number]

/** Of the tiles that lie beneath; `state/basemap` sets it. */
export const mapCrs = ref<Crs>('wgs84')

/** From what we know to what the map draws. */
export const toMap = (lon: number, lat: number): Place =>
  mapCrs.value === 'wgs84' ? [lon, lat] : gcoord.transform([lon, lat], gcoord.WGS84, gcoord.GCJ02) as Place

/** From what was read off the map to what we keep. */
export const fromMap = (lon: number, lat: number): Place =>
  mapCrs.value === 'wgs84' ? [lon, lat] : gcoord.transform([lon, lat], gcoord.GCJ02, gcoord.WGS84) as Place

type Nested = number[] | Nested[]

const moved = (of: Nested): Nested => typeof of[0] === 'number'
  ? [...toMap(of[0], of[1] as number), ...(of.slice(2) as number[])]
  : (of as Nested[]).map(moved)

/** Everything of a layer, as the map draws it. */
export function drawn<F extends FeatureCollection>(features: F): F {
  if (mapCrs.value === 'wgs84') return features
  return {
    ...features,
    features: features.features.map(feature => feature.geometry.type === 'GeometryCollection' ? feature : {
      ...feature,
      geometry: { ...feature.geometry, coordinates: moved(feature.geometry.coordinates as Nested) },
    }),
  } as F
}
