// Knows whether the base map comes: waits, shows, or fails; and asks again for tiles that did not come.
import type { ErrorEvent, Map as MapLibre, MapSourceDataEvent } from 'maplibre-gl'
import { isBase } from './base'

export type Coming = 'waiting' | 'shown' | 'failed'

const TURN_MS = 3_000
const TURNS = 10 // half a minute between two tries

/** Until it is stopped; `tell` hears each change. */
export function watchBase(map: MapLibre, tell: (coming: Coming) => void): { stop: () => void } {
  let coming: Coming = 'waiting'
  const now = (next: Coming): void => {
    if (next !== coming) tell((coming = next))
  }
  const onError = (event: ErrorEvent & { sourceId?: string }): void => {
    if (isBase(event.sourceId)) now('failed')
    else console.error(event.error)
  }
  const onData = (event: MapSourceDataEvent): void => {
    if (isBase(event.sourceId) && event.tile?.state === 'loaded') now('shown')
  }
  let turns = 0
  const timer = setInterval(() => {
    turns++
    // A host that answers 404 to everything complains of nothing, and shows nothing.
    if (coming === 'waiting' && map.areTilesLoaded()) now('failed')
    if (coming !== 'failed' || turns % TURNS || document.hidden) return
    for (const name of Object.keys(map.getStyle().sources).filter(isBase)) map.refreshTiles(name)
  }, TURN_MS)
  tell(coming)
  map.on('error', onError)
  map.on('sourcedata', onData)
  return {
    stop: () => {
      clearInterval(timer)
      map.off('error', onError)
      map.off('sourcedata', onData)
    },
  }
}
