// What the wall shows in turn: the city, each county where something waits, the list by county, the day. Pure.
import { type Alarm, isFire, isUnacknowledged } from './alarm'
import { viewOf } from './filter'

/** `fire`: how many of the urgent ones are fires. */
export interface CountyCount { county: string, fire: number, urgent: number, high: number, oldestMs: number }
export type Scene = { type: 'city' } | { type: 'county', county: string } | { type: 'list' } | { type: 'figures' }

export const SCENE_MS = 15_000
const MAX_COUNTIES = 4

/** What waits by county: where it burns first, then the most pressing. `countyOf` gives '' where it is not known. */
export function byCounty(alarms: readonly Alarm[], countyOf: (siteId: string | null) => string): CountyCount[] {
  const found = new Map<string, CountyCount>()
  for (const alarm of alarms) {
    if (viewOf(alarm) !== 'queue' || !isUnacknowledged(alarm) || alarm.priority === 'low') continue
    const county = countyOf(alarm.site_id)
    const count = found.get(county) ?? { county, fire: 0, urgent: 0, high: 0, oldestMs: Infinity }
    count[alarm.priority]++
    if (isFire(alarm.kind)) count.fire++
    count.oldestMs = Math.min(count.oldestMs, alarm.raised_at_ms)
    found.set(county, count)
  }
  return [...found.values()].sort((a, b) => b.fire - a.fire || b.urgent - a.urgent || b.high - a.high || a.oldestMs - b.oldestMs)
}

export const scenesOf = (waiting: readonly CountyCount[]): Scene[] => [
  { type: 'city' },
  ...waiting.filter(one => one.county).slice(0, MAX_COUNTIES).map(({ county }): Scene => ({ type: 'county', county })),
  ...(waiting.length ? [{ type: 'list' } as Scene] : []),
  { type: 'figures' },
]

/** By the time alone, so that a wall that was reloaded goes on where the others are. */
export const sceneAt = (scenes: readonly Scene[], nowMs: number): Scene => scenes[Math.floor(nowMs / SCENE_MS) % scenes.length]!
